/** The outbox stream, the lease, the seal and the trim on a real Redis: who may change what. */
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { type LedgerKeys, ledgerKeys } from '../../ledger/keys.ts';
import { hashEntries, readBacklog, readEntries } from '../../ledger/outbox.ts';
import { type Seal, type SealDoor, sealDoor } from '../../ledger/seal.ts';
import { freshRedis, freshTag } from '../support/engines.ts';
import { appendCommit, grantLine } from '../support/outbox.ts';

let redis: Redis;
let keys: LedgerKeys;
let door: SealDoor;
const LEDGER = 'ledger-1';
const AT = Date.UTC(2026, 10, 3);

beforeAll(async () => {
  redis = await freshRedis();
});
beforeEach(async () => {
  keys = ledgerKeys(freshTag());
  door = sealDoor(redis, keys, LEDGER);
  await redis.hset(keys.meta, 'id', LEDGER);
});

const fill = async (count: number, from = 1): Promise<void> => {
  for (let i = 0; i < count; i += 1) {
    await appendCommit(redis, keys, from + i, { at: AT + i, usage: [{ id: `e-${from + i}`, occurredAt: AT }] });
  }
};
const sealOf = (block: number, first: number, last: number): Seal => ({
  ...{ block, firstSequence: first, lastSequence: last, hash: `hash-${block}` },
  ...{ usageRows: last - first + 1, rows: { usage: last - first + 1 }, refused: {} },
});

describe('reading', () => {
  test('gives entries in order with their fields as bytes', async () => {
    await appendCommit(redis, keys, 7, {
      at: AT,
      usage: [{ id: 'e', occurredAt: AT }],
      entries: [grantLine('a', 0), grantLine('b', 1)],
    });
    await appendCommit(redis, keys, 8, { at: AT + 1, released: [{ accountId: 'a', id: 'x', kind: 'event' }] });
    const [one, two, ...more] = await readEntries(redis, keys, 1, 10);
    expect(more).toEqual([]);
    expect([one?.sequence, one?.at, one?.splits.length, two?.sequence, two?.usage.length]).toEqual([7, AT, 55, 8, 0]);
    expect(one?.lines.entries?.toString().split('\n')).toHaveLength(2);
    expect(Object.keys(two?.lines ?? {})).toEqual(['released']);
    expect(await readEntries(redis, keys, 8, 10)).toHaveLength(1);
    expect(await readEntries(redis, keys, 1, 10, 7)).toHaveLength(1);
  });

  test('refuses an entry without a clock', async () => {
    await redis.xadd(keys.outboxRows, '3-0', 'usage', 'x');
    await expect(readEntries(redis, keys, 1, 10)).rejects.toMatchObject({ code: 'outbox-entry-malformed' });
  });

  test.each([
    ['another field value', ['at', '1', 'dead', 'y']],
    ['another field name', ['at', '1', 'parked', 'x']],
    ['bytes moved from one field to the next', ['at', '1d', 'ead', 'x']],
    ['one more field', ['at', '1', 'dead', 'x', 'released', '']],
  ])('its hash tells %s', async (_, fields) => {
    await redis.xadd(keys.outboxRows, '1-0', 'at', '1', 'dead', 'x');
    await redis.xadd(`${keys.outboxRows}:2`, '1-0', ...fields);
    const read = async (outboxRows: string) => {
      const reply = (await redis.xrangeBuffer(outboxRows, '-', '+')) as [Buffer, Buffer[]][];
      return reply.map(([, f]) => ({ sequence: 1, fields: f }) as never);
    };
    expect(hashEntries(await read(keys.outboxRows))).not.toBe(hashEntries(await read(`${keys.outboxRows}:2`)));
    expect(hashEntries(await read(keys.outboxRows))).toBe(hashEntries(await readEntries(redis, keys, 1, 5)));
  });

  test('counts the backlog and its age', async () => {
    expect(await readBacklog(redis, keys)).toEqual({
      ...{ entries: 0, rows: 0, bytes: 0, oldestAgeMs: 0, flushedSequence: 0, newestSequence: 0 },
    });
    await fill(3, 5);
    await redis.hset(keys.meta, 'clock', AT + 1_500, 'flushedRows', 1, 'flushed', 4);
    const backlog = await readBacklog(redis, keys);
    expect(backlog).toMatchObject({ entries: 3, rows: 2, oldestAgeMs: 1_500, flushedSequence: 4, newestSequence: 7 });
    expect(backlog.bytes).toBeGreaterThan(100);
    await redis.hdel(keys.meta, 'clock');
    const now = Number((await redis.time())[0]) * 1_000;
    expect(Math.abs((await readBacklog(redis, keys)).oldestAgeMs - Math.max(0, now - AT))).toBeLessThan(60_000);
  });
});

describe('the lease', () => {
  test('is one caller’s until it is given back or runs out', async () => {
    expect(await door.takeLease('a', 60_000)).toBe(true);
    expect(await door.takeLease('b', 60_000)).toBe(false);
    expect(await door.keepLease('b', 60_000)).toBe(false);
    expect(await door.keepLease('a', 60_000)).toBe(true);
    await door.release('b');
    expect(await door.takeLease('b', 60_000)).toBe(false);
    await door.release('a');
    expect(await door.keepLease('b', 60_000)).toBe(false); // free, but it was never b's
    expect(await door.takeLease('b', 60_000)).toBe(true);
    expect(await redis.pttl(keys.flushLease)).toBeGreaterThan(50_000);
  });
});

describe('the seal and the trim', () => {
  beforeEach(async () => {
    await fill(5);
    await door.takeLease('a', 60_000);
  });

  test('forgets exactly the sealed range, once', async () => {
    const seal = { ...sealOf(1, 1, 3), refused: { usage: [{ row: 2, code: 'X', words: 'no' }] } };
    await door.seal('a', seal, 0);
    expect(await door.readSeal()).toEqual(seal);
    await door.trim('a', seal);
    await door.trim('a', seal); // its reply was lost: the same call again
    expect(await door.readSeal()).toBeUndefined();
    expect(await door.readFlushed()).toEqual({ block: 1, sequence: 3 });
    expect((await readEntries(redis, keys, 1, 10)).map((e) => e.sequence)).toEqual([4, 5]);
    expect(await redis.hget(keys.meta, 'flushedRows')).toBe('3');
  });

  test('a whole stream of small entries is trimmed exactly', async () => {
    await fill(300, 6);
    await door.seal('a', sealOf(1, 1, 151), 0);
    await door.trim('a', sealOf(1, 1, 151));
    expect((await readEntries(redis, keys, 1, 1))[0]?.sequence).toBe(152);
  });

  type Attempt = () => Promise<unknown>;
  const refused: [string, string, Attempt][] = [
    ['sealing without the lease', 'flush-lease-lost', () => door.seal('b', sealOf(1, 1, 2), 0)],
    [
      'sealing over a seal',
      'flush-seal-mismatch',
      async () => {
        await door.seal('a', sealOf(1, 1, 2), 0);
        await door.seal('a', { ...sealOf(1, 1, 3), hash: 'other' }, 0);
      },
    ],
    [
      'skipping a block',
      'flush-seal-mismatch',
      async () => {
        await redis.hset(keys.meta, 'block', 4);
        await door.seal('a', sealOf(6, 1, 2), 5);
      },
    ],
    [
      'sealing what is flushed',
      'flush-seal-mismatch',
      async () => {
        await redis.hset(keys.meta, 'flushed', 2);
        await door.seal('a', sealOf(1, 2, 3), 0);
      },
    ],
    [
      'sealing in another ledger',
      'ledger-is-another',
      async () => {
        await redis.hset(keys.meta, 'id', 'ledger-2');
        await door.seal('a', sealOf(1, 1, 2), 0);
      },
    ],
    ['amending without a seal', 'flush-seal-mismatch', () => door.amend('a', sealOf(1, 1, 2))],
    [
      'trimming without the lease',
      'flush-lease-lost',
      async () => {
        await door.seal('a', sealOf(1, 1, 2), 0);
        await door.trim('b', sealOf(1, 1, 2));
      },
    ],
    [
      'trimming after the lease ran out',
      'flush-lease-lost',
      async () => {
        await door.seal('a', sealOf(1, 1, 2), 0);
        await redis.del(keys.flushLease);
        await door.trim('a', sealOf(1, 1, 2));
      },
    ],
    [
      'trimming another seal',
      'flush-seal-mismatch',
      async () => {
        await door.seal('a', sealOf(1, 1, 2), 0);
        await door.trim('a', { ...sealOf(1, 1, 2), hash: 'other' });
      },
    ],
    ['trimming what was never sealed', 'flush-seal-mismatch', () => door.trim('a', sealOf(1, 1, 2))],
    [
      'trimming in an empty Redis',
      'ledger-is-another',
      async () => {
        await door.seal('a', sealOf(1, 1, 2), 0);
        await redis.del(keys.meta);
        await door.trim('a', sealOf(1, 1, 2));
      },
    ],
  ];
  test.each(refused)('%s is refused (%s) and changes nothing in the outbox', async (_, code, attempt) => {
    await expect(attempt()).rejects.toMatchObject({ code });
    expect(await readEntries(redis, keys, 1, 10)).toHaveLength(5);
  });

  test('an amended seal keeps its range', async () => {
    await door.seal('a', sealOf(1, 1, 2), 0);
    const amended = { ...sealOf(1, 1, 2), refused: { usage: [{ row: 0, code: 'C', words: 'w' }] } };
    await door.amend('a', amended);
    expect(await door.readSeal()).toEqual(amended);
  });

  test('a seal that cannot be read stops with a clear error', async () => {
    await redis.hset(keys.flushSeal, 'block', 'one');
    await expect(door.readSeal()).rejects.toMatchObject({ code: 'flush-seal-malformed' });
  });
});
