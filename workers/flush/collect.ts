/**
 * Collects the entries of the next block from the head of the outbox: as many as fit, or what is there when the oldest
 * has waited long enough, or when it is much and nothing more comes, or when somebody waits for it. Only reads; the same
 * entries are there again for the next flusher.
 */
import type { Redis } from 'ioredis';
import type { LedgerKeys } from '../../ledger/keys.ts';
import { type OutboxEntry, readEntries } from '../../ledger/outbox.ts';
import { rowsOf } from './block.ts';
import type { Hurry } from './hurry.ts';
import { type FlushLimits, HURRIED_POLL_MS, PAGE_ENTRIES_MAX, PAGE_ENTRIES_MIN } from './limits.ts';

/** The entries from sequence `first` on, at least one. Rejects when `stopping` aborts, or with Redis's error. */
export async function collectEntries(
  redis: Redis,
  keys: LedgerKeys,
  limits: FlushLimits,
  first: number,
  stopping: AbortSignal,
  hurry: Hurry,
): Promise<OutboxEntry[]> {
  const entries: OutboxEntry[] = [];
  let rows = 0;
  let bytes = 0;
  let sinceMs = 0;
  for (;;) {
    stopping.throwIfAborted();
    const from = (entries.at(-1)?.sequence ?? first - 1) + 1;
    const countMax = pageEntries(limits.blockBytesMax - bytes, bytes / Math.max(1, entries.length));
    const page = await readEntries(redis, keys, from, countMax);
    if (entries.length === 0) sinceMs = performance.now();
    for (const entry of page) {
      const more = rowsOf(entry);
      const isFull = rows + more > limits.blockRowsMax || bytes + entry.bytes > limits.blockBytesMax;
      if (isFull && entries.length > 0) return entries;
      entries.push(entry);
      rows += more;
      bytes += entry.bytes;
    }
    if (page.length === countMax) continue;
    const isRipe = hurry.isOn || performance.now() - sinceMs >= limits.flushIntervalMs;
    if (entries.length > 0 && isRipe) return entries;
    if (page.length === 0 && rows >= limits.restRowsMin) return entries;
    await hurry.sleep(hurry.isOn ? Math.min(HURRIED_POLL_MS, limits.pollMs) : limits.pollMs, stopping);
  }
}

/** How many entries to ask for: about what still fits by the mean so far, so that no reply is far too large. */
function pageEntries(bytesLeft: number, meanBytes: number): number {
  if (meanBytes === 0) return PAGE_ENTRIES_MIN;
  return Math.min(PAGE_ENTRIES_MAX, Math.max(PAGE_ENTRIES_MIN, Math.ceil(bytesLeft / meanBytes)));
}

/** All entries of a sealed range. A range that is not whole any more fails the comparison of its hash. */
export async function readRange(redis: Redis, keys: LedgerKeys, first: number, last: number): Promise<OutboxEntry[]> {
  const entries: OutboxEntry[] = [];
  for (let from = first; from <= last; ) {
    const page = await readEntries(redis, keys, from, PAGE_ENTRIES_MIN * 4, last);
    if (page.length === 0) break;
    entries.push(...page);
    from = page.at(-1)!.sequence + 1;
  }
  return entries;
}
