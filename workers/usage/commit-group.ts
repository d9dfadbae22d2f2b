/**
 * Drives a group of events through the atomic commit until each has its outcome.
 * Owns: renewing outdated profiles, turning refusals into dead letters, halving a group whose script fails down to the
 * one event, and trying again for as long as Redis is away. Nothing is dropped: only a stop ends the trying.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { FlowlyError, PermanentError, TransientError } from '../../core/errors.ts';
import { type CommitSettings, commitEvents, type EventLetter } from '../../ledger/commit-events.ts';
import type { LedgerContext } from '../../ledger/context.ts';
import type { DeadLetterReason } from '../../ledger/dead-letters.ts';
import { FenceError, redisError } from '../../ledger/scripts.ts';
import { createRowWriter } from '../../schema/usage-body.ts';
import { encodeGroup, type GroupEncoder } from './encode-group.ts';
import { eventLetter, type UsageItem } from './item.ts';

export interface CommitGroupOptions {
  readonly context: LedgerContext;
  readonly encoder: GroupEncoder;
  readonly settings: CommitSettings;
  /** Called with the rows waiting in the outbox after each commit. */
  readonly onCommitted: (waitingRows: number) => void;
  readonly onRetry: (error: FlowlyError) => void;
  readonly signal: AbortSignal;
}

/** First and longest wait between tries while Redis does not answer: quick to notice it is back, gentle while away. */
const RETRY_MS_MIN = 20;
const RETRY_MS_MAX = 1_000;
/** Rounds in which profiles may turn out outdated: each renews them, so more means accounts change all the time. */
const ROUNDS_MAX = 200;

const REFUSALS: Partial<Record<EventLetter, { reason: DeadLetterReason; field: string; detail: string }>> = {
  conflict: {
    reason: 'conflict',
    field: 'id',
    detail: 'This id was used for an event with another body; a corrected call needs a new id.',
  },
  'too-late': { reason: 'too-late', field: 'occurredAt', detail: 'occurredAt is longer ago than ACCEPT_DAYS allows.' },
  future: { reason: 'future', field: 'occurredAt', detail: 'occurredAt is more than 5 minutes ahead of the clock.' },
};

/** Commits the items; resolves when each is settled. Rejects with FenceError, or when `signal` aborts. */
export async function commitGroup(options: CommitGroupOptions, items: readonly UsageItem[]): Promise<void> {
  let pending = items;
  const writer = createRowWriter();
  for (let round = 0; pending.length > 0; round += 1) {
    if (round > ROUNDS_MAX)
      throw new TransientError('accounts-moving', 'Accounts changed during every attempt to commit a group.');
    try {
      const { left, outdated } = await attempt(options, pending, writer);
      pending = left; // what has its outcome is never sent again, whatever fails from here on
      for (const accountId of outdated) {
        await untilRedisAnswers(options, () => options.encoder.profiles.refresh(accountId));
      }
    } catch (error) {
      if (error instanceof FenceError || !(error instanceof PermanentError)) throw error;
      if (pending.length > 1) {
        const middle = pending.length >> 1;
        await commitGroup(options, pending.slice(0, middle));
        await commitGroup(options, pending.slice(middle));
        return;
      }
      const item = pending[0]!;
      if (item.dead !== undefined) throw error;
      item.dead = eventLetter(item.event!, item.queuedAt, 'internal', error.field ?? '', error.message);
    }
  }
}

/** One try, repeated while Redis is away. Returns the items that are not settled yet, and the accounts to renew. */
async function attempt(
  options: CommitGroupOptions,
  items: readonly UsageItem[],
  writer: ReturnType<typeof createRowWriter>,
): Promise<{ left: UsageItem[]; outdated: Set<string> }> {
  const { context, encoder, settings } = options;
  const { records, reply } = await untilRedisAnswers(options, async () => {
    await encoder.profiles.load(items.flatMap((item) => (item.dead === undefined ? [item.event!.accountId] : [])));
    const records = encodeGroup(encoder, items, writer);
    const bodies = writer.buffer.subarray(0, writer.offset);
    return { records, reply: await commitEvents(context, records, bodies, settings) };
  });
  options.onCommitted(reply.waitingRows);
  const left: UsageItem[] = [];
  const outdated = new Set<string>();
  for (const [i, letter] of reply.letters.entries()) {
    const item = items[i]!;
    if (letter === 'stale') outdated.add(item.event!.accountId);
    const parkReason = records[i]!.profileVersion === 0 ? 'unknown-account' : 'unknown-model';
    if (!settleItem(item, letter, parkReason)) left.push(item);
  }
  return { left, outdated };
}

/** Settles an item by its letter, or readies it for the next round; false when it has to go again. */
function settleItem(item: UsageItem, letter: EventLetter, parkReason: 'unknown-account' | 'unknown-model'): boolean {
  switch (letter) {
    case 'accepted':
    case 'duplicate':
      item.settle({ outcome: letter });
      return true;
    case 'parked':
      item.settle({ outcome: 'parked', reason: parkReason });
      return true;
    case 'dead-recorded':
    case 'dead-known': {
      const { reason, field, detail } = item.dead!;
      item.settle({ outcome: 'dead-letter', reason, ...(field === '' ? {} : { field }), detail });
      return true;
    }
    case 'stale':
      return false;
    case 'parking-full':
      item.dead = eventLetter(
        item.event!,
        item.queuedAt,
        parkReason,
        parkReason === 'unknown-account' ? 'accountId' : 'model',
        'As many events are parked as may be.',
      );
      return false;
    default: {
      const { reason, field, detail } = REFUSALS[letter]!;
      item.dead = eventLetter(item.event!, item.queuedAt, reason, field, detail);
      return false;
    }
  }
}

/** Repeats `work` with a growing wait for as long as it fails for a passing reason and nobody stops it. */
export async function untilRedisAnswers<T>(
  { onRetry, signal }: Pick<CommitGroupOptions, 'onRetry' | 'signal'>,
  work: () => Promise<T>,
): Promise<T> {
  for (let waitMs = RETRY_MS_MIN; ; waitMs = Math.min(waitMs * 2, RETRY_MS_MAX)) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (isFault(error)) throw new PermanentError('internal', `The worker failed: ${error.message}`, { cause: error });
      const known = error instanceof FlowlyError ? error : redisError('a command', error);
      if (known instanceof PermanentError) throw known;
      onRetry(known);
      await delay(waitMs * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }
}

/** An error of this program rather than of a connection: trying again would not help. */
function isFault(error: unknown): error is Error {
  return (
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof SyntaxError ||
    error instanceof ReferenceError
  );
}
