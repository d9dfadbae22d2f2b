/**
 * Charges parked events once what they wait for is there (contract, "parked"): a page at a time, in their order, each
 * page leaving its list in the same atomic step that charges it.
 */
import { PermanentError, TransientError } from '../../core/errors.ts';
import type { UsageEvent } from '../../core/types.ts';
import { COMMIT_EVENTS_MAX, commitEvents } from '../../ledger/commit-events.ts';
import { EMPTY_PLACE, readParked } from '../../ledger/parked.ts';
import { FenceError } from '../../ledger/scripts.ts';
import { parseUsageEvent } from '../../schema/event.ts';
import { createRowWriter } from '../../schema/usage-body.ts';
import { expireList } from '../expire-parked.ts';
import { type CommitGroupOptions, untilRedisAnswers } from './commit-group.ts';
import { encodeGroup } from './encode-group.ts';
import { eventLetter, type SentEvent, sentLetter, type UsageItem } from './item.ts';

/**
 * Releases what a list holds now; an event that has to wait on goes to the end of its list and is not looked at twice,
 * one that has waited for too long is set aside first. Resolves to the number of events that left their place here.
 * Throws FenceError, or when stopped.
 */
export async function releaseParked(options: CommitGroupOptions, list: string): Promise<number> {
  const length = (): Promise<number> => untilRedisAnswers(options, () => options.context.redis.llen(list));
  await expireList(options, list);
  let waiting = await length();
  let released = 0;
  while (released < waiting) {
    const pageMax = Math.min(COMMIT_EVENTS_MAX, waiting - released);
    const count = await untilRedisAnswers(options, () => releasePage(options, list, pageMax));
    if (count === 0) break;
    if (count === OVERTAKEN) waiting = Math.min(waiting, released + (await length()));
    else released += count;
  }
  return released;
}

/** Another worker released the page first, or part of it has waited for too long by now and was set aside. */
const OVERTAKEN = -1;
/** Failures that one event of the page may be the cause of. */
const HALVED = new Set(['script-failed', 'amount-out-of-range', 'internal']);

async function releasePage(options: CommitGroupOptions, list: string, pageMax: number): Promise<number> {
  const { context, encoder, settings } = options;
  const texts = await context.redis.lrange(list, 0, pageMax - 1);
  if (texts.length === 0) return 0;
  const items = texts.filter((text) => text !== EMPTY_PLACE).map(toItem);
  const writer = createRowWriter();
  for (;;) {
    try {
      const accounts = new Set(items.flatMap((item) => (item.dead === undefined ? [item.event!.accountId] : [])));
      await encoder.profiles.load(accounts);
      const records = encodeGroup(encoder, items, writer);
      const bodies = writer.buffer.subarray(0, writer.offset);
      const reply = await commitEvents(context, records, bodies, settings, { list, items: texts });
      options.onCommitted(reply.waitingRows);
      if (reply.letters.includes('overdue')) {
        await expireList(options, list);
        return OVERTAKEN;
      }
      if (!reply.letters.includes('stale')) return texts.length;
      for (const accountId of accounts) await encoder.profiles.refresh(accountId);
    } catch (error) {
      if (error instanceof TransientError && error.code === 'page-released') return OVERTAKEN;
      if (!(error instanceof PermanentError) || error instanceof FenceError || !HALVED.has(error.code)) throw error;
      if (texts.length > 1) return releasePage(options, list, texts.length >> 1);
      const [item] = items;
      if (item!.dead !== undefined) throw error;
      item!.dead = eventLetter(item!.event!, item!.queuedAt, 'internal', '', error.message);
    }
  }
}

/** The event of a parked item as it was parsed, attributes aside. */
export function parkedEvent(item: string): UsageEvent {
  return JSON.parse((JSON.parse(readParked(item).text) as { body: string }).body) as UsageEvent;
}

function toItem(item: string): UsageItem {
  const { parkedAt, text } = readParked(item);
  const sent = JSON.parse(text) as SentEvent;
  const parsed = parseUsageEvent(JSON.parse(sent.body));
  const base = { queuedAt: parkedAt, parkedAt, settle: () => undefined };
  if (parsed.ok) return { ...base, event: parsed.event };
  // It was valid when it was parked: a later version of this program refuses it.
  return { ...base, event: undefined, dead: sentLetter(sent, parkedAt, 'invalid', parsed.field, parsed.reason) };
}
