/** The dedupe memory grows under commits: every id is found after any split, whoever splits, however late. */
import { beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { eventKey } from '../../core/identity.ts';
import { ledgerContext } from '../../ledger/context.ts';
import { BUCKET_IDS_TARGET, bucketOf, growDirectory, parseDirectory } from '../../ledger/dedupe.ts';
import { Profiles } from '../../ledger/profiles.ts';
import { type CommitGroupOptions, commitGroup } from '../../workers/usage/commit-group.ts';
import { freshRedis } from '../support/engines.ts';
import type { RealLedger } from './real-ledger.ts';
import { event, START_MS, upsert } from './samples.ts';
import { counts, openStage } from './stage.ts';

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

const GROUP = 100;

async function openSmall(directory: string): Promise<RealLedger> {
  const real = await openStage(redis);
  await redis.hset(real.context.keys.meta, 'directory', directory);
  await real.command(upsert(), START_MS);
  return real;
}

/** The same ledger as another process sees it: a context, and an idea of the directory, of its own. */
function another(real: RealLedger): CommitGroupOptions {
  const { keys, ledgerId } = real.context;
  const context = ledgerContext(redis, keys, ledgerId);
  return { ...real.options, context, encoder: { ...real.options.encoder, profiles: new Profiles(context) } };
}

async function commit(options: CommitGroupOptions, numbers: readonly number[]): Promise<string[]> {
  const told: string[] = new Array(numbers.length);
  const items = numbers.map((n, i) => ({
    ...{ event: event({ id: `e-${n}`, tokens: 1 }), queuedAt: START_MS },
    settle: ({ outcome }: { outcome: string }) => {
      told[i] = outcome;
    },
  }));
  await commitGroup(options, items);
  return told;
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
const remembered = async (real: RealLedger): Promise<number> => (await counts(real)).remembered!;

/** Every id lies in the bucket that the directory in force names, and nowhere else. */
async function expectFiled(real: RealLedger, count: number): Promise<{ buckets: number; largest: number }> {
  const { keys } = real.context;
  const directory = parseDirectory((await redis.hget(keys.meta, 'directory'))!);
  const buckets = 2 ** directory.level + directory.next;
  const sizes = await Promise.all(range(0, buckets).map((bucket) => redis.hlen(keys.dedupe(bucket))));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count);
  const filed = await Promise.all(
    range(0, count).map((n) => {
      const key = eventKey('a', `e-${n}`);
      return redis.hexists(keys.dedupe(bucketOf(directory, key)), Buffer.from(key, 'latin1'));
    }),
  );
  expect(filed.filter((found) => found !== 1)).toEqual([]);
  return { buckets, largest: Math.max(...sizes) };
}

test('grows under the commits of two processes; every id is a duplicate afterwards, for a third one too', async () => {
  const real = await openSmall('2:0');
  const processes = [another(real), another(real)];
  const total = 6_000;
  await Promise.all(
    processes.map(async (options, p) => {
      for (let from = p * (total / 2); from < (p + 1) * (total / 2); from += GROUP) {
        expect(new Set(await commit(options, range(from, GROUP)))).toEqual(new Set(['accepted']));
        // Commits of the other process are under way: they meet directories they have never heard of.
        if (from % 300 === 0) await growDirectory(options.context, await remembered(real));
      }
    }),
  );
  for (const { context } of processes) await growDirectory(context, total);
  const { buckets, largest } = await expectFiled(real, total);
  expect(buckets).toBeGreaterThanOrEqual(total / BUCKET_IDS_TARGET);
  expect(largest).toBeLessThan(128);
  expect(await counts(real)).toEqual({ accepted: total, duplicates: 0, dead: 0, parked: 0, remembered: total });
  const third = another(real);
  for (let from = 0; from < total; from += 500) {
    expect(new Set(await commit(third, range(from, 500)))).toEqual(new Set(['duplicate']));
  }
});

test('a process that missed many splits, and one that never asked, file an id where all others look for it', async () => {
  const real = await openSmall('2:0');
  const [early, late] = [another(real), another(real)];
  expect(await commit(early, [0])).toEqual(['accepted']);
  await growDirectory(late.context, 3_000);
  expect(early.context.seen.directory).toBe('2:0');
  expect(await redis.hget(real.context.keys.meta, 'directory')).not.toBe('2:0');
  expect(await commit(early, [1, 0])).toEqual(['accepted', 'duplicate']);
  expect(await commit(late, [0, 1, 2])).toEqual(['duplicate', 'duplicate', 'accepted']);
  await expectFiled(real, 3);
});

test('two processes that split at the same time split each bucket once', async () => {
  const real = await openSmall('3:0');
  const processes = [another(real), another(real), another(real)];
  for (let from = 0; from < 2_000; from += 500) await commit(processes[0]!, range(from, 500));
  await Promise.all(processes.map(({ context }) => growDirectory(context, 2_000)));
  const directories = new Set(processes.map(({ context }) => context.seen.directory));
  expect([...directories]).toEqual([await redis.hget(real.context.keys.meta, 'directory')]);
  await expectFiled(real, 2_000);
});

test('buckets that grew far too large, because nothing could split them, are split whole', async () => {
  const real = await openSmall('0:0');
  const only = another(real);
  for (let from = 0; from < 9_000; from += 500) await commit(only, range(from, 500));
  await growDirectory(only.context, 9_000);
  await expectFiled(real, 9_000);
  expect(await commit(only, [0, 8_999, 9_000])).toEqual(['duplicate', 'duplicate', 'accepted']);
});
