/**
 * Ends the waiting of what nobody came for (contract, "parked"): after 30 days a parked event or command becomes a dead
 * letter of the reason it waited for, and its identity is free again, so that a redrive or a resend can still apply it.
 * A release expires its list first, so none is charged that late; an event that comes again learns of it a round later.
 */

import { PermanentError, TransientError } from '../core/errors.ts';
import { commandBody } from '../core/identity.ts';
import { PARKED_MS_MAX } from '../core/limits.ts';
import { COMMIT_EVENTS_MAX, commitEvents } from '../ledger/commit-events.ts';
import { fenceArguments, type LedgerContext } from '../ledger/context.ts';
import { type DeadLetter, deadParkedRecords } from '../ledger/dead-letters.ts';
import { readParked } from '../ledger/parked.ts';
import { commandCodec } from './accounts/command-codec.ts';
import { type CommitGroupOptions, untilRedisAnswers } from './usage/commit-group.ts';
import { type SentEvent, sentLetter } from './usage/item.ts';

/** Items of one commit: each takes two records there. */
const PAGE_MAX = COMMIT_EVENTS_MAX / 2;
/** From the middle of a list, where Redis has to walk to each place: 25 µs in a list of 500,000. */
const MIDDLE_PAGE_MAX = 100;
/** Items of a list that are looked at in one call: about a millisecond. */
const PART_ITEMS = 2_000;
const DETAIL = 'It was parked for 30 days, and what it waited for did not come.';

/** Sets aside what has been parked for too long. Resolves to how many there were. Throws FenceError, or when stopped. */
export async function expireParked(options: CommitGroupOptions): Promise<number> {
  const { context, settings } = options;
  const { redis, keys } = context;
  const { clock } = await untilRedisAnswers(options, () => commitEvents(context, [], Buffer.alloc(0), settings));
  const lists = await redis.zrange(keys.parkedIndex, '-inf', `(${clock - PARKED_MS_MAX}`, 'BYSCORE');
  let expired = 0;
  for (const list of lists) expired += await expireList(options, list);
  return expired;
}

/** The same for one list. */
export async function expireList(options: CommitGroupOptions, list: string): Promise<number> {
  let expired = 0;
  for (let from = 0; ; ) {
    const { length, runs } = await untilRedisAnswers(options, () => overdueRuns(options.context, list, from));
    let moved = 0;
    // From the back, so that what leaves does not move the places of the rest.
    for (const run of runs.reverse()) moved += await untilRedisAnswers(options, () => expireRun(options, list, run));
    expired += moved;
    if (runs.length > 0) continue; // the list has moved: look at this part again
    from += PART_ITEMS;
    if (from >= length) return expired;
  }
}

/** Items that stand side by side. */
interface Run {
  readonly place: number;
  readonly items: string[];
}

/** The overdue items among PART_ITEMS of a list. */
async function overdueRuns(
  context: LedgerContext,
  list: string,
  from: number,
): Promise<{ length: number; runs: Run[] }> {
  const { keys, run } = context;
  const reply = (await run(
    'parkedOverdue',
    [keys.meta, keys.parkedIndex, list],
    [...fenceArguments(context), String(PARKED_MS_MAX), String(from), String(PART_ITEMS)],
  )) as string[];
  const runs: Run[] = [];
  for (let i = 1; i < reply.length; i += 2) {
    const place = Number(reply[i]);
    const item = reply[i + 1]!;
    const last = runs.at(-1);
    const isNext = last !== undefined && place === last.place + last.items.length;
    if (isNext && last.items.length < (last.place === 0 ? PAGE_MAX : MIDDLE_PAGE_MAX)) last.items.push(item);
    else runs.push({ place, items: [item] });
  }
  return { length: Number(reply[0]), runs };
}

async function expireRun({ context, settings }: CommitGroupOptions, list: string, run: Run): Promise<number> {
  const letterOf = list.startsWith(context.keys.parkedCommands('')) ? commandLetter : eventLetter;
  const records = run.items.map(letterOf).flatMap((letter) => deadParkedRecords(letter, context.keys));
  try {
    await commitEvents(context, records, Buffer.alloc(0), settings, { list, ...run });
    return run.items.length;
  } catch (error) {
    if (error instanceof TransientError && error.code === 'page-released') return 0; // something came for them after all
    throw error;
  }
}

function eventLetter(item: string): DeadLetter {
  const { parkedAt, text } = readParked(item);
  const sent = JSON.parse(text) as SentEvent & { reason: 'unknown-account' | 'unknown-model' };
  const field = sent.reason === 'unknown-account' ? 'accountId' : 'model';
  return sentLetter(sent, parkedAt, sent.reason, field, DETAIL);
}

function commandLetter(item: string): DeadLetter {
  const { text } = readParked(item);
  const base = { kind: 'command', reason: 'unknown-account', field: 'accountId', detail: DETAIL } as const;
  try {
    const { command, queuedAt } = commandCodec.read(text);
    return { ...base, accountId: command.accountId, id: command.id, body: commandBody(command), queuedAt };
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    // It was valid when it was parked: a later version of this program refuses it.
    const { queuedAt, data } = JSON.parse(text) as { queuedAt: number; data: { accountId: string; id: string } };
    return { ...base, accountId: data.accountId, id: data.id, body: text, queuedAt };
  }
}
