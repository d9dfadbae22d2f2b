/**
 * `npm run bench -- alerts`: how long it takes from queueing the event that crosses a threshold until the mail server has
 * the mail, while usage comes at half of what the same run measured as its full rate in large jobs.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { System } from '../cli/system.ts';
import { openMailServer } from './mail-server.ts';
import { round, until } from './measure.ts';
import { startServiceProcess } from './service-process.ts';
import { enqueue, makeEvents, makeUpserts } from './workload.ts';

export interface AlertsOptions {
  /** Events that the full rate is measured with. */
  readonly events: number;
  /** Mails that are waited for. */
  readonly mails: number;
}

const EVENTS_PER_JOB = 500;
/** Between two crossings: several mails a second, as a platform with hundreds of thousands of accounts has. */
const CROSSING_MS = 100;
/** The first mails load the templates, and code is compiled: they are sent and not counted. */
const WARM_UP_MAILS = 5;
const FROM = 'no-reply@mail.example';

export async function benchAlerts(system: System, { events, mails }: AlertsOptions) {
  const { queues, redis, ledger } = system;
  const server = await openMailServer();
  const env = {
    FLOWLY_DATA_DIR: system.config.dataDir,
    SMTP_URL: server.url,
    MAIL_FROM: FROM,
    MAIL_PER_SECOND: '1000',
  };
  const counted = async (name: string): Promise<number> => Number((await redis.hget(ledger.keys.meta, name)) ?? 0);
  let service = await startServiceProcess(env);
  try {
    await queues.accounts.addBulk([...makeUpserts(), ...makeSmall(mails + WARM_UP_MAILS)]);
    await until(async () => (await queues.accounts.getJobCountByTypes('waiting', 'active')) === 0);
    await service.stop();

    const before = await counted('flushedRows');
    await enqueue(queues.usage, makeEvents('full', events, Date.now()), EVENTS_PER_JOB);
    service = await startServiceProcess(env);
    const accepted = await counted('accepted');
    const startMs = performance.now();
    await until(async () => (await counted('flushedRows')) >= before + events);
    const fullPerSecond = ((before + events - accepted) * 1_000) / (performance.now() - startMs);

    const sentMs = new Map<string, number>();
    const tookMs: number[] = [];
    let arrived = 0;
    server.onArrival = ({ to: [address], atMs }) => {
      const queuedMs = sentMs.get(address ?? '');
      if (queuedMs === undefined) return;
      sentMs.delete(address!);
      arrived += 1;
      if (arrived > WARM_UP_MAILS) tookMs.push(atMs - queuedMs);
    };
    const over = new AbortController();
    const loading = load(system, fullPerSecond / 2, over.signal);
    const acceptedBefore = await counted('accepted');
    const loadStartMs = performance.now();
    for (let i = 0; i < mails + WARM_UP_MAILS; i += 1) {
      await delay(CROSSING_MS);
      sentMs.set(addressOf(i), performance.now());
      await queues.usage.add('events', { events: [crossing(i)] });
    }
    await until(async () => sentMs.size === 0);
    const loadPerSecond = (((await counted('accepted')) - acceptedBefore) * 1_000) / (performance.now() - loadStartMs);
    over.abort();
    await loading;
    tookMs.sort((a, b) => a - b);
    const at = (share: number): number =>
      round(tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * share))]!);
    return {
      fullEventsPerSecond: Math.round(fullPerSecond),
      loadEventsPerSecond: Math.round(loadPerSecond),
      mails: tookMs.length,
      ms: { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) },
    };
  } finally {
    await service.kill();
    await server.close();
  }
}

const accountOf = (i: number): string => `alert-account-${i}`;
const addressOf = (i: number): string => `${accountOf(i)}@example.com`;

/** Accounts of 100 credits, of which one event takes 90. */
const makeSmall = (count: number): { name: string; data: object }[] =>
  Array.from({ length: count }, (_, i) => ({
    name: 'account.upsert',
    data: {
      ...{ id: 'up', accountId: accountOf(i), email: addressOf(i), timeZone: 'UTC' },
      anchor: `${new Date().toISOString().slice(0, 10)}T00:00:00`,
      plan: { id: 'plan', monthlyCredits: '100' },
    },
  }));

const crossing = (i: number): object => ({
  ...{ id: 'crossing', accountId: accountOf(i), serverId: `${accountOf(i)}-web`, model: 'claude-haiku-4.5' },
  ...{ occurredAt: Date.now(), tokens: { input: 90_000 } },
});

/** Queues usage at a steady rate in large jobs until told to stop; what could not be queued in time is made up for. */
async function load({ queues }: System, perSecond: number, until: AbortSignal): Promise<void> {
  const startMs = performance.now();
  for (let jobs = 0; !until.aborted; jobs += 1) {
    const dueMs = startMs + (jobs * EVENTS_PER_JOB * 1_000) / perSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await delay(waitMs);
    await queues.usage.add('events', { events: makeEvents(`load-${jobs}`, EVENTS_PER_JOB, Date.now()) });
  }
}
