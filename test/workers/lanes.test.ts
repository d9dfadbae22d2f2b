/** Lanes: an account keeps to one, its events keep their order in it, lanes do not wait for each other, all of them pause. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { UsageEvent } from '../../core/types.ts';
import { GROUP_WAIT_MS } from '../../workers/usage/batcher.ts';
import type { UsageItem } from '../../workers/usage/item.ts';
import { Lanes, laneOf } from '../../workers/usage/lanes.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

type Commit = { readonly lane: number; readonly items: readonly UsageItem[]; readonly end: () => Promise<void> };

function open(count: number) {
  const commits: Commit[] = [];
  const lanes = new Lanes({
    lanes: count,
    commit: (items: readonly UsageItem[]) => {
      const lane = laneOf(items[0]!.event!.accountId, count);
      const { promise, resolve } = Promise.withResolvers<void>();
      const end = async (): Promise<void> => {
        resolve();
        await jest.advanceTimersByTimeAsync(0); // lets the lane hear of it
      };
      commits.push({ lane, items, end });
      return promise;
    },
    onHalt: (error) => {
      throw error;
    },
  });
  return { lanes, commits };
}

const item = (accountId: string, number: number): UsageItem => ({
  event: { accountId } as UsageEvent,
  queuedAt: number,
  settle: () => undefined,
});

test('accounts spread over the lanes, and an account is always in the same one', () => {
  const ids = Array.from({ length: 1_000 }, (_, i) => `account-${i}`);
  const counts = [0, 0, 0, 0];
  for (const id of ids) {
    const lane = laneOf(id, 4);
    expect(laneOf(id, 4)).toBe(lane);
    counts[lane]! += 1;
  }
  for (const count of counts) expect(count).toBeGreaterThan(150);
  expect([laneOf('anything', 1), laneOf('', 4)]).toEqual([0, 0]);
});

test('every event is committed once, those of an account in one lane and in their order', async () => {
  const { lanes, commits } = open(3);
  for (let job = 0; job < 40; job += 1) {
    lanes.add(Array.from({ length: 100 }, (_, i) => item(`account-${(i * 7) % 30}`, job * 100 + i)));
  }
  for (let n = 0; n < commits.length || n === 0; n += 1) {
    await commits[n]!.end();
    await jest.advanceTimersByTimeAsync(GROUP_WAIT_MS);
  }
  const seen = new Map<string, { lane: number; last: number }>();
  let events = 0;
  for (const { lane, items } of commits) {
    for (const { event, queuedAt } of items) {
      const before = seen.get(event!.accountId) ?? { lane, last: -1 };
      expect([laneOf(event!.accountId, 3), before.lane, queuedAt > before.last]).toEqual([lane, lane, true]);
      seen.set(event!.accountId, { lane, last: queuedAt });
      events += 1;
    }
  }
  expect([events, seen.size, new Set(commits.map(({ lane }) => lane)).size]).toEqual([4_000, 30, 3]);
});

test('a lane whose commits last does not hold up another', async () => {
  const { lanes, commits } = open(2);
  const [slow, quick] = ['a', 'b', 'c', 'd'].reduce<string[]>((found, id) => {
    found[laneOf(id, 2)] ??= id;
    return found;
  }, []);
  const perLane = 2;
  lanes.add(Array.from({ length: 500 * (perLane + 2) }, (_, i) => item(slow!, i)));
  lanes.add([item(quick!, 0)]);
  await jest.advanceTimersByTimeAsync(GROUP_WAIT_MS);
  expect(commits.map(({ lane }) => lane)).toEqual([...new Array(perLane).fill(0), 1]);
});

test('a pause holds every lane', async () => {
  const { lanes, commits } = open(4);
  lanes.setPaused(true);
  lanes.add(Array.from({ length: 50 }, (_, i) => item(`account-${i}`, i)));
  await jest.advanceTimersByTimeAsync(1_000);
  expect(commits).toEqual([]);
  lanes.setPaused(false);
  expect(new Set(commits.map(({ lane }) => lane)).size).toBe(4);
});
