/**
 * What one event costs at each stage, in µs of CPU: the worker's stages timed alone on one core, Redis's and
 * ClickHouse's as the engines themselves count them over the run.
 */

import { startSchedule } from '../core/cycles.ts';
import type { PriceBook } from '../core/price.ts';
import type { LedgerContext } from '../ledger/context.ts';
import type { LedgerKeys } from '../ledger/keys.ts';
import { Profiles } from '../ledger/profiles.ts';
import { createRowWriter } from '../schema/usage-body.ts';
import { encodeGroup } from '../workers/usage/encode-group.ts';
import type { UsageItem } from '../workers/usage/item.ts';
import { takeJob } from '../workers/usage/take-job.ts';
import { makeEvents } from './workload.ts';

const GROUP = 500;
const ROUNDS = 200;

export interface WorkerBudget {
  readonly parseJsonMicros: number;
  readonly checkMicros: number;
  readonly encodeMicros: number;
}

/** Times parsing, checking and encoding over the same groups; microseconds an event. */
export function workerBudget(book: PriceBook, keys: LedgerKeys): WorkerBudget {
  const now = Date.now();
  const data = { events: makeEvents('budget', GROUP, now) };
  const text = JSON.stringify(data);
  const profiles = new Profiles({ keys } as LedgerContext);
  for (const { accountId } of data.events as { accountId: string }[]) {
    profiles.keep(accountId, 1, startSchedule('2026-01-15T00:00:00', 'Europe/Berlin', now));
  }
  const encoder = { book, keys, profiles };
  const writer = createRowWriter();
  const items = takeJob({ id: 'job', data, queuedAt: now }).map(
    (one): UsageItem => ({ event: 'event' in one ? one.event : undefined, queuedAt: now, settle: () => undefined }),
  );
  return {
    parseJsonMicros: time(() => JSON.parse(text)),
    checkMicros: time(() => takeJob({ id: 'job', data, queuedAt: now })),
    encodeMicros: time(() => encodeGroup(encoder, items, writer)),
  };
}

function time(work: () => unknown): number {
  for (let i = 0; i < ROUNDS / 4; i += 1) work();
  const before = process.cpuUsage();
  for (let i = 0; i < ROUNDS; i += 1) work();
  const { user, system } = process.cpuUsage(before);
  return Math.round(((user + system) / (ROUNDS * GROUP)) * 100) / 100;
}
