/** The batcher: groups by size and time, in order, a bounded number under way, held while paused, ended by a fault. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Batcher, COMMITS_IN_FLIGHT_MAX, GROUP_WAIT_MS } from '../../workers/usage/batcher.ts';
import type { UsageItem } from '../../workers/usage/item.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

type Commit = { readonly numbers: readonly number[]; readonly end: (error?: Error) => Promise<void> };

/** A batcher whose commits last until the test ends them. An item is its number, in `queuedAt`. */
function open(groupMax?: number) {
  const commits: Commit[] = [];
  const halts: unknown[] = [];
  const batcher = new Batcher({
    commit: (items) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const end = async (error?: Error): Promise<void> => {
        if (error === undefined) resolve();
        else reject(error);
        await promise.catch(() => undefined);
        await jest.advanceTimersByTimeAsync(0); // lets the batcher hear of it
      };
      commits.push({ numbers: items.map(({ queuedAt }) => queuedAt), end });
      return promise;
    },
    onHalt: (error) => halts.push(error),
    ...(groupMax === undefined ? {} : { groupMax }),
  });
  let next = 0;
  const add = (count: number): void => {
    const items = Array.from({ length: count }, (): UsageItem => {
      next += 1;
      return { event: undefined, queuedAt: next, settle: () => undefined };
    });
    batcher.add(items);
  };
  const sizes = (): number[] => commits.map(({ numbers }) => numbers.length);
  const wait = (ms = GROUP_WAIT_MS): Promise<void> => jest.advanceTimersByTimeAsync(ms).then(() => undefined);
  return { batcher, commits, halts, add, sizes, wait };
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

test('a group is closed by its size at once, the rest a moment after its first event', async () => {
  const { add, sizes, commits, wait } = open(10);
  add(25);
  expect(sizes()).toEqual([10, 10]);
  await wait(GROUP_WAIT_MS - 1);
  add(2);
  expect(sizes()).toEqual([10, 10]);
  await wait(1);
  expect(sizes()).toEqual([10, 10, 7]);
  expect(commits.flatMap(({ numbers }) => numbers)).toEqual(upTo(27));
});

test('a lone event goes after its moment, and an empty batcher does nothing', async () => {
  const { add, sizes, wait } = open();
  add(0);
  await wait(1_000);
  expect([sizes(), jest.getTimerCount()]).toEqual([[], 0]);
  add(1);
  await wait();
  expect([sizes(), jest.getTimerCount()]).toEqual([[1], 0]);
});

test('events of jobs that come one by one share a group of at most 500', async () => {
  const { add, sizes, wait } = open();
  for (let n = 0; n < 501; n += 1) add(1);
  expect(sizes()).toEqual([500]);
  await wait();
  expect(sizes()).toEqual([500, 1]);
});

test('no more commits are under way than the bound, and what waited goes in full groups', async () => {
  const { add, sizes, commits, wait } = open(2);
  for (let n = 0; n < COMMITS_IN_FLIGHT_MAX * 2 + 7; n += 1) add(1);
  await wait(100);
  expect(sizes()).toEqual(new Array(COMMITS_IN_FLIGHT_MAX).fill(2));
  await commits[3]!.end();
  await commits[0]!.end();
  expect(sizes().slice(COMMITS_IN_FLIGHT_MAX)).toEqual([2, 2]);
  for (const { end } of commits.slice(1, 3)) await end();
  await wait();
  expect(sizes().slice(COMMITS_IN_FLIGHT_MAX)).toEqual([2, 2, 2, 1]);
  expect(commits.flatMap(({ numbers }) => numbers)).toEqual(upTo(COMMITS_IN_FLIGHT_MAX * 2 + 7));
});

test('while paused nothing starts and what comes is kept; then everything goes on in its order', async () => {
  const { batcher, add, sizes, commits, wait } = open(10);
  add(10);
  batcher.setPaused(true);
  add(13);
  await commits[0]!.end();
  await wait(10_000);
  expect([sizes(), jest.getTimerCount()]).toEqual([[10], 0]);
  batcher.setPaused(false);
  expect(sizes()).toEqual([10, 10, 3]);
  expect(commits.flatMap(({ numbers }) => numbers)).toEqual(upTo(23));
});

test('a pause that comes while a part of a group waits its moment holds it too', async () => {
  const { batcher, add, sizes, wait } = open(10);
  add(3);
  batcher.setPaused(true);
  await wait(1_000);
  expect(sizes()).toEqual([]);
  batcher.setPaused(false);
  expect(sizes()).toEqual([3]);
});

test('a commit that fails for good halts: told once, and nothing more starts', async () => {
  const { batcher, add, sizes, commits, halts, wait } = open(5);
  add(12);
  const [one, two] = commits;
  await one!.end(new Error('the fence'));
  await two!.end(new Error('the fence, again'));
  add(20);
  batcher.setPaused(true);
  batcher.setPaused(false);
  await wait(1_000);
  expect(sizes()).toEqual([5, 5]);
  expect(halts).toEqual([new Error('the fence')]);
});

test('a long queue keeps its order', async () => {
  const { add, commits } = open(500);
  add(40_000);
  add(7);
  for (let n = 0; n < 80; n += 1) await commits[n]!.end();
  await jest.advanceTimersByTimeAsync(GROUP_WAIT_MS);
  expect(commits.flatMap(({ numbers }) => numbers)).toEqual(upTo(40_007));
});
