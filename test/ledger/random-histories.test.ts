/** The real ledger against the model: random histories give the same outcomes, balances and entries in both. */
import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { type Model, readBalance, readLedger } from '../model/index.ts';
import { freshRedis } from '../support/engines.ts';
import { BOOKS, history, START_MS, type Step, watchedHistory } from './histories.ts';
import { playHistory } from './player.ts';
import { RealLedger } from './real-ledger.ts';
import { expectedWatched, watchedOf } from './watched.ts';

const RUNS = Number(process.env.HISTORIES ?? 150);
const ACCOUNTS = ['a', 'b', 'c:1'];
const VOID_DETAILS = ['voided', 'remembered', 'already-voided'];
/** What comes up in every run of this size; what is rarer has tests of its own (alerts.test.ts). */
const WATCHED = [
  ...['credits.low', 'credits.depleted', 'credits.restored', 'credits.reset', 'server.limited', 'server.released'],
  ...['low-credits', 'depleted', 'monthly-reset', 'limit-reached', 'receipt', 'crossed by event'],
];
/** How often each kind of void, platform event, mail and crossing came up. */
const seen = new Map<string, number>();

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

let n = 0;
const agrees = (steps: fc.Arbitrary<readonly Step[]>, runs: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(steps, async (drawn) => {
      n += 1;
      await compare(drawn, `{t-history-${process.pid}-${n}}`);
    }),
    { numRuns: runs, endOnFailure: process.env.CI === 'true' },
  );

test('random histories agree with the model', async () => {
  await agrees(history, RUNS);
});

test('random histories of one watched account agree with the model', async () => {
  await agrees(watchedHistory, RUNS);
  // Histories of either kind without one would prove nothing of it.
  expect([...seen.keys()]).toEqual(expect.arrayContaining([...VOID_DETAILS, ...WATCHED]));
});

async function compare(steps: readonly Step[], tag: string): Promise<void> {
  const opened = await RealLedger.open(redis, tag, START_MS, BOOKS[0]);
  try {
    const { model, clock, real } = await playHistory(steps, {
      real: opened,
      onOutcomes: (got, expected) => expect(got.map(plain)).toEqual(expected.map(plain)),
    });
    for (const id of ACCOUNTS) expect(await balanceOf(real, id)).toEqual(expectedBalance(model, id, clock));
    for (const id of ACCOUNTS) {
      const watched = await watchedOf(real, id);
      expect(watched).toEqual(expectedWatched(model, id, clock));
      for (const { type } of watched?.heard ?? []) saw(String(type));
      for (const mail of watched?.mails ?? []) saw(mail.split(' ')[0]!);
      for (const { by } of watched?.crossings ?? []) saw(`crossed by ${by}`);
    }
    const entries = await real.entries();
    for (const id of ACCOUNTS) {
      const expected = (readLedger(model, id, clock) ?? []).map(({ kind, cycle, monthly, bonus, uncovered }) => ({
        account: id,
        kind,
        cycle,
        monthly: Number(monthly),
        bonus: Number(bonus),
        uncovered: Number(uncovered),
      }));
      expect(entries.filter((entry) => entry.account === id)).toEqual(expected);
      expect(await countedOf(real, id)).toEqual(expectedCounts(model, id));
    }
    const counters = await real.counters();
    expect(Number(counters.parked)).toBe(model.parked.length);
    expect(Number(counters.dead ?? 0)).toBe(model.deadLetters.size);
    expect(Number(counters.accepted ?? 0)).toBe(chargesOf(model).length);
  } finally {
    await opened.remove();
  }
}

/** Outcomes as both sides tell them: what happened, why, and which field; of a void also what it did. */
function plain(outcome: Told) {
  const { outcome: name, reason, field, detail } = outcome;
  const did = detail !== undefined && VOID_DETAILS.includes(detail) ? detail : undefined;
  if (did !== undefined) saw(did);
  return { name, reason, field, did };
}

type Told = {
  readonly outcome: string;
  readonly reason?: string;
  readonly field?: string;
  readonly detail?: string;
};

const saw = (word: string): void => void seen.set(word, (seen.get(word) ?? 0) + 1);

const chargesOf = (model: Model) => [...model.accounts.values()].flatMap(({ charges }) => charges);

/** Events and their cost, without those that were voided. */
async function countedOf(real: RealLedger, id: string) {
  const account = await real.account(id);
  return account && { events: account.events, cost: account.cost };
}

function expectedCounts(model: Model, id: string) {
  const account = model.accounts.get(id);
  if (account === undefined) return undefined;
  const counted = account.charges.filter(({ voided }) => !voided);
  return { events: counted.length, cost: counted.reduce((sum, { cost }) => sum + Number(cost), 0) };
}

async function balanceOf(real: RealLedger, id: string) {
  const account = await real.account(id);
  if (account === undefined) return undefined;
  const { cycle, start, stop, granted, monthly, bonus, uncovered, closed } = account;
  return { cycle, start, stop, granted, monthly, bonus, uncovered, closed };
}

function expectedBalance(model: Model, id: string, clock: number) {
  const balance = readBalance(model, id, clock);
  if (balance === undefined) return undefined;
  const micros = (text: string): number => Math.round(Number(text) * 1e6);
  return {
    cycle: balance.monthly.cycle,
    start: Date.parse(balance.monthly.start),
    stop: Date.parse(balance.monthly.end),
    granted: micros(balance.monthly.granted),
    monthly: micros(balance.monthly.remaining),
    bonus: micros(balance.bonus.remaining),
    uncovered: micros(balance.uncovered),
    closed: balance.state === 'closed',
  };
}
