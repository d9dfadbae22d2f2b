/**
 * What would become of dead letters if they were applied now: what each would cost, that it was applied before, or why it
 * has to stay where it is. Reads only. The commit decides again; this keeps those away that would only die or wait again,
 * and is all that a dry run does.
 */
import { bodyHash, commandBody, type Key } from '../../core/identity.ts';
import { FUTURE_MS_MAX } from '../../core/limits.ts';
import { priceEvent } from '../../core/price.ts';
import type { UsageEvent } from '../../core/types.ts';
import type { QueuedCommand } from '../../ledger/commit-command.ts';
import { bucketOf, DIRECTORY_START, decodeSeen, parseDirectory } from '../../ledger/dedupe.ts';
import { createRowWriter } from '../../schema/usage-body.ts';
import type { CommitGroupOptions } from '../usage/commit-group.ts';
import { encodeGroup } from '../usage/encode-group.ts';
import { readLetter, type StoredLetter } from './read-letter.ts';

/** An event of a letter that can be applied. */
export interface JudgedEvent {
  readonly event: UsageEvent;
  /** µcr; nothing of one that is voided already. */
  readonly cost: number;
  /** It was applied before: nothing will be debited. */
  readonly isSeen: boolean;
}

export type Judged = { readonly letter: StoredLetter } & (
  | { readonly events: readonly JudgedEvent[] }
  | { readonly command: QueuedCommand; readonly isSeen: boolean }
  | { readonly why: string }
);

/** What was found that can be applied: letters after these are judged as if it had been. */
export interface Foreseen {
  readonly accounts: Set<string>;
  /** Identity of an event to the hash of its body. */
  readonly events: Map<Key, number>;
}

export interface JudgeOptions {
  /** The ledger's, ms. */
  readonly clock: number;
  readonly foreseen: Foreseen;
}

/** Judges letters in their order. */
export async function judgeLetters(
  commit: CommitGroupOptions,
  letters: readonly StoredLetter[],
  options: JudgeOptions,
): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (const letter of letters) {
    const readable = readLetter(letter);
    if ('why' in readable) judged.push({ letter, why: readable.why });
    else if ('command' in readable) judged.push(await judgeCommand(commit, letter, readable.command, options));
    else judged.push(await judgeEvents(commit, letter, readable.events, options));
  }
  return judged;
}

async function judgeCommand(
  { context }: CommitGroupOptions,
  letter: StoredLetter,
  queued: QueuedCommand,
  { foreseen }: JudgeOptions,
): Promise<Judged> {
  const { command } = queued;
  const { accountId } = command;
  const seen = await context.redis.hget(context.keys.commands(accountId), command.id);
  if (seen !== null) {
    if (seen !== bodyHash(commandBody(command)).toString('hex')) return { letter, why: USED };
    if (!(await isKnown(context, accountId))) return { letter, why: PARKED };
    return { letter, command: queued, isSeen: true };
  }
  if (command.type === 'account.upsert') foreseen.accounts.add(accountId);
  else if (!(await isKnown(context, accountId, foreseen))) return { letter, why: unknownAccount(accountId) };
  return { letter, command: queued, isSeen: false };
}

async function judgeEvents(
  commit: CommitGroupOptions,
  letter: StoredLetter,
  events: readonly UsageEvent[],
  { clock, foreseen }: JudgeOptions,
): Promise<Judged> {
  const { context, encoder } = commit;
  const judged: JudgedEvent[] = [];
  const identities = await identify(commit, events);
  for (const [i, event] of events.entries()) {
    const { accountId, model, occurredAt } = event;
    const { key, own, isParked, isVoided } = identities[i]!;
    const seen = identities[i]!.seen ?? foreseen.events.get(key);
    if (seen !== undefined) {
      if (seen !== own) return { letter, why: USED };
      if (isParked) return { letter, why: PARKED };
      judged.push({ event, cost: 0, isSeen: true });
      continue;
    }
    if (occurredAt > clock + FUTURE_MS_MAX) return { letter, why: 'its time has still not come' };
    if (!(await isKnown(context, accountId, foreseen))) return { letter, why: unknownAccount(accountId) };
    const price = priceEvent(encoder.book, model, event.tokens, occurredAt, event.keySource);
    if (price === undefined) return { letter, why: `no price version in force knows the model ${model}` };
    foreseen.events.set(key, own);
    judged.push({ event, cost: isVoided ? 0 : price.cost, isSeen: false });
  }
  return { letter, events: judged };
}

/** Each event's identity, the hash of the body it was used with, if it was, that of its own, and what is marked there. */
async function identify(
  { context, encoder }: CommitGroupOptions,
  events: readonly UsageEvent[],
): Promise<{ key: Key; seen: number | undefined; own: number; isParked: boolean; isVoided: boolean }[]> {
  const { redis, keys } = context;
  const settle = (): void => undefined;
  const writer = createRowWriter();
  const records = encodeGroup(
    encoder,
    events.map((event) => ({ event, queuedAt: 0, settle })),
    writer,
  );
  const directory = parseDirectory((await redis.hget(keys.meta, 'directory')) ?? DIRECTORY_START);
  const pipeline = redis.pipeline();
  for (const { key } of records) {
    pipeline.hgetBuffer(keys.dedupe(bucketOf(directory, key)), Buffer.from(key, 'latin1'));
  }
  const replies = (await pipeline.exec()) ?? [];
  return records.map(({ key, bodyHash: own }, i) => {
    const [error, value] = replies[i] as [Error | null, Buffer | null];
    if (error !== null) throw error;
    const { bodyHash: seen, isParked, isVoided } = decodeSeen(value);
    return { key, seen, own, isParked, isVoided };
  });
}

async function isKnown(
  { redis, keys }: CommitGroupOptions['context'],
  accountId: string,
  foreseen?: Foreseen,
): Promise<boolean> {
  return foreseen?.accounts.has(accountId) === true || (await redis.exists(keys.account(accountId))) === 1;
}

const USED = 'its id was used with another body meanwhile: what it says has to be sent under a new id';
/** Recorded as redriven it would be lost sight of: should it wait for too long, its letter is not recorded again. */
const PARKED = 'it came again and is parked: it is applied by itself once what it waits for is known';
const unknownAccount = (accountId: string): string => `account ${accountId} is still not known`;
