/**
 * The chain that the flusher makes: whole and the same however often a flush was cut off, goes on over blocks, leases
 * and refused rows, and takes its last value from ClickHouse when nothing of it is in memory.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { type ChainReport, verifyChain } from '../../cli/ledger/verify.ts';
import { chainStart, chainValue, entryContent } from '../../core/ledger-chain.ts';
import { readEntries } from '../../ledger/outbox.ts';
import { ChainHeads } from '../../workers/flush/chain-heads.ts';
import { foldUsage, foldUsageRows } from '../../workers/flush/chain-links.ts';
import type { FlushPoint } from '../../workers/flush/deliver.ts';
import { flushStore } from '../../workers/flush/store.ts';
import { FLUSH_TABLES } from '../../workers/flush/tables.ts';
import { encodeUsage, usageRows } from '../../workers/flush/usage-rows.ts';
import { expectExact, fullCommit, MONTH_END, newWorld, type World } from './world.ts';

const ACCOUNTS = ['acc-0', 'acc-1', 'acc-2'];

let world: World;
beforeEach(async () => {
  world = await newWorld();
});

const lastBlock = async (): Promise<number> => Number(await world.redis.hget(world.keys.meta, 'block'));

async function reports(): Promise<ChainReport[]> {
  const block = await lastBlock();
  return Promise.all(ACCOUNTS.map((account) => verifyChain(world.client, account, block)));
}

/** Every account's chain holds and stands for all of its rows. */
async function expectWhole(): Promise<void> {
  for (const report of await reports()) {
    const own = world.commits.filter((_, n) => `acc-${n % 3}` === report.accountId);
    expect(report).toMatchObject({
      ...{ intact: true, broken: null },
      entries: own.reduce((sum, { commit }) => sum + commit.entries!.length, 0),
      usageRows: own.reduce((sum, { commit }) => sum + commit.usage!.length, 0),
    });
  }
}

const POINTS: FlushPoint[] = ['sealed', ...FLUSH_TABLES.map(({ name }) => `inserted:${name}` as const), 'trimmed'];

describe('cut off', () => {
  test.each(POINTS)('at %s, again in the repair, and started again: one whole chain', async (point) => {
    for (let n = 0; n < 3; n += 1) await world.append(fullCommit(n));
    await world.flushAll();
    for (let n = 3; n < 6; n += 1) await world.append(fullCommit(n));
    for (const halt of [point, point === 'sealed' || point === 'trimmed' ? undefined : point]) {
      if (halt === undefined) continue;
      const flusher = world.flusher({
        signals: (at) => {
          if (at === halt) throw new Error('halted by the test');
        },
      });
      flusher.start();
      await expect(flusher.done).rejects.toMatchObject({ code: 'flush-halted' });
    }
    for (let n = 6; n < 9; n += 1) await world.append(fullCommit(n));
    await world.flushAll();
    await expectExact(world);
    await expectWhole();
  });

  test('a month of the chain that was acknowledged and is not there is written again with the same values', async () => {
    for (let n = 0; n < 5; n += 1) await world.append(fullCommit(n));
    const flusher = world.flusher({
      signals: (at) => {
        if (at === 'inserted:ledger_chain') throw new Error('halted by the test');
      },
    });
    flusher.start();
    await expect(flusher.done).rejects.toMatchObject({ code: 'flush-halted' });
    const values = () => world.query('SELECT hex(chain) AS value FROM ledger_chain ORDER BY account_id, block, place');
    const before = await values();
    await world.client.command({ query: 'ALTER TABLE ledger_chain DROP PARTITION 202611' });
    expect((await values()).length).toBeLessThan(before.length);
    await world.flushAll();
    expect(await values()).toEqual(before);
    await expectWhole();
  });
});

test('goes on over many small blocks, in one lease and over several', async () => {
  for (let round = 0; round < 3; round += 1) {
    for (let n = 0; n < 6; n += 1) await world.append(fullCommit(round * 6 + n, 3));
    const flusher = world.flusher({ limits: { blockRowsMax: 12 } });
    flusher.start();
    await flusher.flushed();
    await flusher.stop();
  }
  expect(await lastBlock()).toBeGreaterThan(9);
  await expectWhole();
});

test('leaves out rows that ClickHouse refused, which are dead letters', async () => {
  await world.append(fullCommit(0));
  const broken = fullCommit(1);
  await world.append({ ...broken, entries: [...broken.entries!, 'acc-1\t9999\tgrant\tnot-a-number'] });
  await world.append(fullCommit(2));
  await world.flushAll();
  for (const report of await reports()) expect(report).toMatchObject({ intact: true, entries: 2, usageRows: 6 });
  expect(await world.query("SELECT field FROM dead_letters WHERE reason = 'unflushable'")).toEqual([
    { field: 'ledger_entries' },
  ]);
});

describe('links', () => {
  test('of encoded blocks are those of single rows', async () => {
    for (let n = 0; n < 4; n += 1) {
      await world.append(fullCommit(n, 7));
      await world.append({
        at: MONTH_END,
        usage: [{ id: 'x'.repeat(128), accountId: 'y'.repeat(128), occurredAt: n }],
      });
    }
    const entries = await readEntries(world.redis, world.keys, 1, 100);
    const folded = foldUsage(entries, encodeUsage(entries, 7));
    expect(folded.map(({ accountId, rows }) => [accountId.length, rows])).toEqual([
      [5, 14],
      [128, 4],
      [5, 7],
      [5, 7],
    ]);
    expect(folded).toEqual(foldUsageRows(usageRows(entries, 7)));
  });

  test('a number is the same however it is written, a text is not', () => {
    const columns = 'a\t0\trefund\t1\t0\t-0\t0\t5\t7\t0\t-0\t-0\t9\t2026\t3'.split('\t');
    const plain = columns.with(5, '0');
    expect(entryContent(columns)).toEqual(entryContent(plain));
    expect(entryContent(plain.with(10, '0'))).not.toEqual(entryContent(plain));
    expect(entryContent(plain.with(4, '1'))).not.toEqual(entryContent(plain));
  });

  test('a value depends on everything that a link says, and on the value before it', () => {
    const link = { accountId: 'a', block: 1, place: 0, kind: 'entry' as const, rows: 1, content: Buffer.alloc(32) };
    const value = chainValue(chainStart('a'), link);
    for (const other of [
      { ...link, accountId: 'b' },
      { ...link, block: 2 },
      { ...link, place: 1 },
      { ...link, kind: 'usage' as const },
      { ...link, rows: 2 },
      { ...link, content: Buffer.alloc(32, 1) },
    ]) {
      expect(chainValue(chainStart('a'), other)).not.toEqual(value);
    }
    expect(chainValue(chainStart('b'), link)).not.toEqual(value);
  });
});

describe('heads', () => {
  test('of more accounts than one question holds, near, far back, and new', async () => {
    const row = (account: string, block: number) => ({
      ...{ account_id: account, place: 0, kind: 'usage', rows: 1, index: 0, sequence: 1, committed_at: 0, block },
      content: 'c'.repeat(32),
      chain: `${account}${block}`.padEnd(32, '.'),
    });
    const NOW = 2_000_000;
    const near = Array.from({ length: 1_500 }, (_, i) => `n${i}`);
    const rows = [...near.flatMap((id) => [row(id, NOW - 20), row(id, NOW - 10)]), row('far', 3), row('ahead', NOW)];
    await world.client.insert({ table: 'ledger_chain', values: rows, format: 'JSONEachRow' });
    const heads = new ChainHeads(flushStore(world.client));
    const found = await heads.before(NOW, [...near, 'far', 'ahead', 'new']);
    expect(found.get('n1499')!.toString()).toBe(`n1499${NOW - 10}`.padEnd(32, '.'));
    expect(found.get('far')!.toString()).toBe('far3'.padEnd(32, '.'));
    // A block that is sent again has rows there already: they are not what it goes on from.
    expect(found.get('ahead')).toEqual(chainStart('ahead'));
    expect(found.get('new')).toEqual(chainStart('new'));
    heads.took(new Map([['far', Buffer.alloc(32, 1)]]));
    expect((await heads.before(NOW + 1, ['far'])).get('far')).toEqual(Buffer.alloc(32, 1));
  });
});
