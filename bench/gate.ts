/**
 * `npm run bench -- gate`: how long a gate check takes beside a bare GET of as many bytes, one call at a time on the same
 * connection, the two taking turns so that a noisy moment hits both. The ratios are the figures to compare.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { runService } from '../cli/service.ts';
import type { System } from '../cli/system.ts';
import { createGate } from '../ledger/gate.ts';
import { ACCOUNTS, makeUpserts } from './workload.ts';

export interface GateBenchOptions {
  readonly checks: number;
}

/** Calls before the first that counts: code is compiled, Redis has the script. */
const WARM_UP_CALLS = 5_000;
/** What a check reads of an account and its server. */
const READ_BYTES = 184;
const POLL_MS = 20;

export async function benchGate(system: System, { checks }: GateBenchOptions) {
  await makeAccounts(system);
  const redis = await system.connect({ patient: false, name: 'bench' });
  const key = `${system.ledger.keys.tag}:bench:get`;
  await redis.set(key, 'x'.repeat(READ_BYTES));
  const gate = createGate({ redis });
  const get = new Float64Array(checks);
  const check = new Float64Array(checks);
  for (let i = -WARM_UP_CALLS; i < checks; i += 1) {
    const accountId = `bench-account-${Math.abs(i) % ACCOUNTS}`;
    const serverId = `${accountId}-server-0`;
    const start = performance.now();
    await redis.get(key);
    const middle = performance.now();
    const answer = await gate.check({ accountId, serverId });
    const end = performance.now();
    if (!answer.allow) throw new Error(`The gate denied ${accountId}: ${answer.reason}.`);
    if (i < 0) continue;
    get[i] = middle - start;
    check[i] = end - middle;
  }
  const [bare, gated] = [percentiles(get), percentiles(check)];
  return {
    calls: checks,
    get: bare,
    check: gated,
    ratio: { p50: round(gated.p50Micros / bare.p50Micros), p99: round(gated.p99Micros / bare.p99Micros) },
  };
}

/** Accounts with credits, each with a server under a limit: the longest way to an `allow`. */
async function makeAccounts(system: System): Promise<void> {
  const { accounts } = system.queues;
  const service = await runService(system);
  await accounts.addBulk(makeUpserts());
  await accounts.addBulk(Array.from({ length: ACCOUNTS }, (_, i) => limitOf(`bench-account-${i}`)));
  await until(async () => (await accounts.getJobCountByTypes('waiting', 'active')) === 0);
  await service.stop();
}

function limitOf(accountId: string): { name: string; data: object } {
  const data = { id: 'limit', accountId, serverId: `${accountId}-server-0`, dailyCredits: '1000' };
  return { name: 'server.limit', data };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(POLL_MS);
}

function percentiles(times: Float64Array): { p50Micros: number; p99Micros: number } {
  const sorted = times.toSorted();
  const at = (share: number): number => round(sorted[Math.floor(sorted.length * share)]! * 1_000);
  return { p50Micros: at(0.5), p99Micros: at(0.99) };
}

const round = (value: number): number => Math.round(value * 100) / 100;
