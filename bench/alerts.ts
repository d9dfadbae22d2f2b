/**
 * `npm run bench -- alerts`: how long it takes from queueing the event that crosses a threshold until the mail server has
 * the mail, while usage comes at half of what the same run measured as its full rate in large jobs.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { System } from '../cli/system.ts';
import { readBacklog } from '../ledger/outbox.ts';
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
  const counter = async (name: string): Promise<number> => Number((await redis.hget(ledger.keys.meta, name)) ?? 0);
  let service = await startServiceProcess(env);
  try {
    await queues.accounts.addBulk([...makeUpserts(), ...makeSmall(mails + WARM_UP_MAILS)]);
    await until(async () => (await queues.accounts.getJobCountByTypes('waiting', 'active')) === 0);
    await service.stop();

    const before = await counter('flushedRows');
    await enqueue(queues.usage, makeEvents('full', events, Date.now()), EVENTS_PER_JOB);
    service = await startServiceProcess(env);
    const accepted = await counter('accepted');
    const startMs = performance.now();
    await until(async () => (await counter('flushedRows')) >= before + events);
    const fullPerSecond = ((before + events - accepted) * 1_000) / (performance.now() - startMs);

    const queuedMs = new Map<string, number>();
    const arrivedMs = new Map<string, number>();
    server.onArrival = ({ to: [address] }) => {
      if (address !== undefined && !arrivedMs.has(address)) arrivedMs.set(address, wallMs());
    };
    const cross = async (i: number): Promise<void> => {
      await delay(CROSSING_MS);
      queuedMs.set(addressOf(i), wallMs());
      await queues.usage.add('events', { events: [crossing(i)] });
    };
    const allArrived = () => until(async () => [...queuedMs.keys()].every((address) => arrivedMs.has(address)));
    for (let i = 0; i < WARM_UP_MAILS; i += 1) await cross(i);
    await allArrived();
    const over = new AbortController();
    const loading = load(system, fullPerSecond / 2, over.signal);
    const acceptedBefore = await counter('accepted');
    const loadStartMs = performance.now();
    for (let i = 0; i < mails; i += 1) await cross(WARM_UP_MAILS + i);
    await allArrived();
    const loadPerSecond = (((await counter('accepted')) - acceptedBefore) * 1_000) / (performance.now() - loadStartMs);
    over.abort();
    await loading;
    await until(async () => (await readBacklog(redis, ledger.keys)).entries === 0);
    await service.stop();
    const decidedMs = await decisions(system);
    const counted = Array.from({ length: mails }, (_, i) => addressOf(WARM_UP_MAILS + i));
    return {
      fullEventsPerSecond: Math.round(fullPerSecond),
      loadEventsPerSecond: Math.round(loadPerSecond),
      mails,
      ms: spread(counted.map((address) => arrivedMs.get(address)! - queuedMs.get(address)!)),
      // Of it, until the commit that charged the event and decided the mail; the rest is the notifier's.
      untilDecidedMs: spread(counted.map((address) => decidedMs.get(address)! - queuedMs.get(address)!)),
      fromDecidedMs: spread(counted.map((address) => arrivedMs.get(address)! - decidedMs.get(address)!)),
    };
  } finally {
    await service.kill();
    await server.close();
  }
}

/** The clock of Redis is this machine's: ms, with a fraction. */
const wallMs = (): number => performance.timeOrigin + performance.now();

function spread(values: readonly number[]): { p50: number; p90: number; p99: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!);
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

/** When each account's mail was decided (ms), by its address. */
async function decisions({ clickhouse }: System): Promise<Map<string, number>> {
  const query = `SELECT account_id AS account, toUnixTimestamp64Milli(min(committed_at)) AS at
    FROM mail_history WHERE status = 'decided' GROUP BY account_id`;
  const rows = await (await clickhouse.query({ query, format: 'JSONEachRow' })).json<{ account: string; at: string }>();
  return new Map(rows.map(({ account, at }) => [`${account}@example.com`, Number(at)]));
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
