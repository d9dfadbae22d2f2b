/**
 * An account that nobody touched for years (rules 2 and 4): its lists of cycle ends and local days are used up several
 * times over, and whoever comes first brings it up to date, one cycle at a time, each with its own entries.
 */
import { beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { boundary } from '../../core/cycles.ts';
import { ENDS_KEPT } from '../../ledger/account.ts';
import { freshRedis } from '../support/engines.ts';
import type { RealLedger } from './real-ledger.ts';
import { event, purchase, START_MS, upsert } from './samples.ts';
import { openStage, outcomes } from './stage.ts';

const ANCHOR = '2026-01-31T02:30:00';
const ZONE = 'Europe/Berlin';
const MONTHLY = 1_000_000;
/** In the middle of its cycle 61: 60 ends were missed, and two changes of the clocks each year. */
const YEARS_LATER = boundary(ANCHOR, ZONE, 60) + 10 * 86_400_000;

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

async function openIdle(): Promise<RealLedger> {
  const real = await openStage(redis);
  await real.setClock(boundary(ANCHOR, ZONE, 0));
  await real.command(upsert({ anchor: ANCHOR, timeZone: ZONE, monthly: MONTHLY }), START_MS);
  await real.command(purchase({ amount: 700 }), START_MS);
  await real.setClock(YEARS_LATER);
  return real;
}

/** Lines of `entries`, without sequence: kind, cycle, monthly delta, balance after, note. */
async function entryLines(real: RealLedger): Promise<string[]> {
  const stream = await redis.xrange(real.context.keys.outboxRows, '-', '+');
  return stream.flatMap(([, fields]) => {
    const at = fields.indexOf('entries');
    const lines = at < 0 ? [] : fields[at + 1]!.split('\n');
    return lines.map((line) => {
      const [account, , kind, cycle, monthly, , , after, , , , note] = line.split('\t');
      return [account, kind, cycle, monthly, after, note].join(' ');
    });
  });
}

const missed = (last: number): string[] =>
  Array.from({ length: last }, (_, i) => i + 1).flatMap((cycle) => {
    const end = boundary(ANCHOR, ZONE, cycle);
    return [`a expiry ${cycle} -${MONTHLY} 0 ${end}`, `a grant ${cycle + 1} ${MONTHLY} ${MONTHLY} ${end}`];
  });

/** What the ways to come first do; each is a whole test. */
const firsts: readonly [string, (real: RealLedger) => Promise<unknown>][] = [
  ['a read', async (real) => real.account('a')],
  [
    'an event',
    async (real) => expect(await outcomes(real, [event({ occurredAt: YEARS_LATER, tokens: 5 })])).toEqual(['accepted']),
  ],
  ['a command', async (real) => real.command(purchase({ amount: 300 }), YEARS_LATER)],
  [
    'two groups of events, two commands and three reads at once',
    async (real) => {
      const late = (): Promise<string[]> =>
        outcomes(real, [event({ occurredAt: YEARS_LATER, tokens: 5 }), event({ occurredAt: YEARS_LATER, tokens: 6 })]);
      const [one, two] = await Promise.all([
        ...[late(), late(), real.command(purchase({ amount: 1 }), 0), real.command(purchase({ amount: 2 }), 0)],
        ...[real.account('a'), real.account('a'), real.account('a')],
      ]);
      expect([one, two]).toEqual([
        ['accepted', 'accepted'],
        ['accepted', 'accepted'],
      ]);
    },
  ],
];

test.each(firsts)('after five years %s brings every missed cycle, each once', async (_, first) => {
  const real = await openIdle();
  await first(real);
  await first(real);
  const account = (await real.account('a'))!;
  expect(account).toMatchObject({
    cycle: 61,
    start: boundary(ANCHOR, ZONE, 60),
    stop: boundary(ANCHOR, ZONE, 61),
    granted: MONTHLY,
    today: Math.floor((YEARS_LATER + 3_600_000) / 86_400_000),
  });
  const resets = (await entryLines(real)).filter((line) => /^a (expiry|grant) /.test(line));
  expect(resets.slice(1)).toEqual(missed(60));
  const entries = await real.entries();
  for (let cycle = 1; cycle <= 60; cycle += 1) {
    const sum = entries.filter((one) => one.cycle === cycle).reduce((total, { monthly }) => total + monthly, 0);
    expect([cycle, sum]).toEqual([cycle, 0]);
  }
  const bonus = entries.reduce((sum, one) => sum + one.bonus, 0);
  expect(account.bonus).toBe(bonus);
  expect(bonus).toBeGreaterThanOrEqual(700);
  expect(account.monthly).toBe(entries.filter(({ cycle }) => cycle === 61).reduce((sum, one) => sum + one.monthly, 0));
});

test('the index of accounts says when the running cycle ends', async () => {
  const real = await openIdle();
  const { keys } = real.context;
  expect(await redis.zscore(keys.accounts, 'a')).toBe(String(boundary(ANCHOR, ZONE, 1)));
  await real.account('a');
  expect(await redis.zscore(keys.accounts, 'a')).toBe(String(boundary(ANCHOR, ZONE, 61)));
});

test.each([
  ['one end before the list is used up', ENDS_KEPT - 1],
  ['at its last end', ENDS_KEPT],
  ['one end after it', ENDS_KEPT + 1],
])('an account left alone until %s', async (_, ends) => {
  const real = await openIdle();
  await real.setClock(boundary(ANCHOR, ZONE, ends));
  expect(await outcomes(real, [event({ occurredAt: boundary(ANCHOR, ZONE, ends) })])).toEqual(['accepted']);
  expect(await real.account('a')).toMatchObject({ cycle: ends + 1, monthly: MONTHLY - 1_000 });
  expect((await entryLines(real)).filter((line) => /^a (expiry|grant) /.test(line)).slice(1)).toEqual(missed(ends));
});

test('a worker that knew the account five years ago charges it right', async () => {
  const real = await openIdle();
  await real.setClock(START_MS + 20 * 86_400_000);
  expect(await outcomes(real, [event({ occurredAt: START_MS + 20 * 86_400_000 })])).toEqual(['accepted']);
  await real.setClock(YEARS_LATER);
  // Another process brought it up to date meanwhile, with lists of its own.
  await real.account('a');
  expect(await outcomes(real, [event({ occurredAt: YEARS_LATER })])).toEqual(['accepted']);
  expect(await real.account('a')).toMatchObject({ cycle: 61, monthly: MONTHLY - 1_000 });
});

test('a closed account ends its cycles, expires what is left once, and is granted nothing', async () => {
  const real = await openIdle();
  await real.setClock(boundary(ANCHOR, ZONE, 0));
  await real.command(
    { type: 'account.close', id: 'close', accountId: 'a', silent: false, at: undefined, reason: 'left' },
    START_MS,
  );
  await real.setClock(YEARS_LATER);
  expect(await real.account('a')).toMatchObject({ cycle: 61, granted: 0, monthly: 0, bonus: 700, closed: true });
  const resets = (await entryLines(real)).filter((line) => /^a (expiry|grant) /.test(line));
  expect(resets.slice(1)).toEqual([`a expiry 1 -${MONTHLY} 0 ${boundary(ANCHOR, ZONE, 1)}`]);
});
