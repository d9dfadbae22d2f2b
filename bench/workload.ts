/**
 * The load of the benches: events of a seeded rule, close to real ones in length, over accounts that exist.
 */
import type { Job, Queue } from 'bullmq';

export const ACCOUNTS = 200;
const MODELS = ['claude-sonnet-4.5', 'claude-haiku-4.5', 'minimax-m2.1', 'kimi-k2.5'];

/** A small generator with a fixed period (mulberry32): the same load in every run. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function makeEvents(run: string, count: number, nowMs: number): object[] {
  const random = seeded(count);
  return Array.from({ length: count }, (_, i) => {
    const account = Math.floor(random() ** 2 * ACCOUNTS);
    return {
      id: `${run}-call-${String(i).padStart(8, '0')}`,
      accountId: `bench-account-${account}`,
      serverId: `bench-account-${account}-server-${Math.floor(random() * 4)}`,
      model: MODELS[Math.floor(random() * MODELS.length)],
      occurredAt: nowMs - Math.floor(random() * 3_600_000),
      tokens: {
        input: Math.floor(random() * 4_000),
        output: Math.floor(random() * 500),
        cacheRead: Math.floor(random() * 3_000),
      },
      ...(random() < 0.1 ? { keySource: 'byok' } : {}),
    };
  });
}

export function makeUpserts(): { name: string; data: object }[] {
  return Array.from({ length: ACCOUNTS }, (_, i) => ({
    name: 'account.upsert',
    data: {
      id: 'up',
      accountId: `bench-account-${i}`,
      email: `owner${i}@example.com`,
      timeZone: ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'][i % 4],
      anchor: `2026-01-${String(1 + (i % 28)).padStart(2, '0')}T00:00:00`,
      plan: { id: 'plan', monthlyCredits: '100000' },
    },
  }));
}

/** Queues events as jobs of `perJob` events. */
export async function enqueue(queue: Queue, events: readonly object[], perJob: number): Promise<void> {
  const CHUNK_JOBS = perJob > 1 ? 50 : 2_000;
  for (let i = 0; i < events.length; i += perJob * CHUNK_JOBS) {
    const jobs: { name: string; data: Job['data'] }[] = [];
    for (let j = i; j < Math.min(events.length, i + perJob * CHUNK_JOBS); j += perJob) {
      jobs.push({ name: 'events', data: perJob === 1 ? events[j] : { events: events.slice(j, j + perJob) } });
    }
    await queue.addBulk(jobs);
  }
}
