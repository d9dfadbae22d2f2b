/**
 * What one event of a large job costs step by step, in µs of CPU: each step of the worker timed alone on the same
 * groups, and commits sent straight to Redis, without queue, service or ClickHouse.
 */
import type { System } from '../cli/system.ts';
import { startSchedule } from '../core/cycles.ts';
import type { PriceBook } from '../core/price.ts';
import { COMMIT_EVENTS_MAX, commitEvents } from '../ledger/commit-events.ts';
import { readEntries } from '../ledger/outbox.ts';
import { Profiles } from '../ledger/profiles.ts';
import { createRowWriter } from '../schema/usage-body.ts';
import { makeBlock } from '../workers/flush/block.ts';
import { encodeGroup } from '../workers/usage/encode-group.ts';
import type { UsageItem } from '../workers/usage/item.ts';
import { LANES, laneOf } from '../workers/usage/lanes.ts';
import { takeJob } from '../workers/usage/take-job.ts';
import { cpuOf, cpuPerEvent, keyBytes, round } from './measure.ts';
import { makeEvents } from './workload.ts';

const GROUP = COMMIT_EVENTS_MAX;
const ROUNDS = 200;
/** Commits that are sent straight: enough rows for one block of the flusher. */
const COMMITS = 100;

/** The worker's own steps before the commit. */
export function workerSteps(book: PriceBook, { ledger }: System) {
  const now = Date.now();
  const data = { events: makeEvents('steps', GROUP, now) };
  const text = JSON.stringify(data);
  const profiles = new Profiles(ledger);
  for (const { accountId } of data.events as { accountId: string }[]) {
    profiles.keep(accountId, 1, startSchedule('2026-01-15T00:00:00', 'Europe/Berlin', now));
  }
  const encoder = { book, keys: ledger.keys, profiles };
  const writer = createRowWriter();
  const items = itemsOf(data, now);
  return {
    parseJson: time(() => JSON.parse(text), ROUNDS),
    check: time(() => takeJob({ id: 'job', data, queuedAt: now }), ROUNDS),
    priceAndEncode: time(() => encodeGroup(encoder, items, writer), ROUNDS),
  };
}

/**
 * Commits alone, and the block that the flusher makes of them. No service may run. What is committed stays in the
 * outbox, so that its rows can be weighed.
 */
export async function commitSteps(book: PriceBook, system: System) {
  const { ledger, redis } = system;
  const now = Date.now();
  const profiles = new Profiles(ledger);
  const groups = [];
  // Grouped as the service groups them: lane by lane.
  const all = Array.from({ length: COMMITS }, (_, i) =>
    itemsOf({ events: makeEvents(`commit-${i}`, GROUP, now) }, now),
  ).flat();
  const lanes = Array.from({ length: LANES }, (_, lane) =>
    all.filter(({ event }) => laneOf(event!.accountId, LANES) === lane),
  );
  await profiles.load(all.map(({ event }) => event!.accountId));
  for (const items of lanes.flatMap(inGroups)) {
    const writer = createRowWriter();
    const records = encodeGroup({ book, keys: ledger.keys, profiles }, items, writer);
    groups.push({ records, bodies: writer.buffer.subarray(0, writer.offset) });
  }
  const first = Number(await redis.hget(ledger.keys.meta, 'sequence')) + 1;
  const before = await cpuOf(system);
  for (const { records, bodies } of groups) await commitEvents(ledger, records, bodies, { acceptDays: 35 });
  const after = await cpuOf(system);
  const rows = COMMITS * GROUP;
  const { worker: workerMicros, redis: redisMicros } = cpuPerEvent(before, after, rows);
  const waitingBytes = await keyBytes(redis, ledger.keys.outboxRows);
  const entries = await readEntries(redis, ledger.keys, first, groups.length);
  return {
    worker: workerMicros,
    redis: redisMicros,
    makeBlock: round((time(() => makeBlock(entries, 1, 0), 5) * GROUP) / rows),
    bytesPerWaitingRow: round(waitingBytes / rows),
  };
}

function inGroups(items: readonly UsageItem[]): (readonly UsageItem[])[] {
  return Array.from({ length: Math.ceil(items.length / GROUP) }, (_, i) => items.slice(i * GROUP, (i + 1) * GROUP));
}

function itemsOf(data: object, queuedAt: number): UsageItem[] {
  return takeJob({ id: 'job', data, queuedAt }).map(
    (one): UsageItem => ({ event: 'event' in one ? one.event : undefined, queuedAt, settle: () => undefined }),
  );
}

/** Microseconds an event of a group of GROUP. */
function time(work: () => unknown, rounds: number): number {
  for (let i = 0; i < rounds / 4; i += 1) work();
  const before = process.cpuUsage();
  for (let i = 0; i < rounds; i += 1) work();
  const { user, system } = process.cpuUsage(before);
  return round((user + system) / (rounds * GROUP));
}
