/** The gate against the model: along random histories both give the same answer, for every account, server and call. */
import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import type { PriceBook } from '../../core/price.ts';
import { createGate, type GateCall } from '../../ledger/gate.ts';
import { type Model, readGate } from '../model/index.ts';
import { freshRedis } from '../support/engines.ts';
import { BOOKS, history, START_MS, type Step, watchedHistory } from './histories.ts';
import { playHistory } from './player.ts';
import { RealLedger } from './real-ledger.ts';

const RUNS = Number(process.env.HISTORIES ?? 100);
const CALLS: readonly GateCall[] = ['a', 'b', 'c:1'].flatMap((accountId) =>
  ['s1', 's2', 's3'].flatMap((serverId): GateCall[] => [
    { accountId, serverId },
    { accountId, serverId, model: 'gift' },
    { accountId, serverId, keySource: 'byok', model: 'small' },
  ]),
);

/** The histories' books with a model that is free in the first, and costs something from the second on. */
const [FIRST, SECOND] = BOOKS.map((book, i) => withGift(book, i === 0 ? 0 : 1)) as [PriceBook, PriceBook];

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

test('random histories: every answer is the model’s', async () => {
  let n = 0;
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.oneof(history, watchedHistory), async (steps) => {
      n += 1;
      for (const answer of await compare(steps, `{t-gates-${process.pid}-${n}}`))
        seen.set(answer, (seen.get(answer) ?? 0) + 1);
    }),
    { numRuns: RUNS, endOnFailure: process.env.CI === 'true' },
  );
  // Histories in which a reason never comes up would prove nothing of it.
  expect([...seen.keys()].sort()).toEqual(['allow', 'closed', 'daily-limit', 'depleted', 'unknown-account']);
});

async function compare(steps: readonly Step[], tag: string): Promise<string[]> {
  const real = await RealLedger.open(redis, tag, START_MS, FIRST);
  const answers: string[] = [];
  try {
    await playHistory(steps, {
      real,
      books: [FIRST, SECOND],
      afterStep: async ({ model, clock }) => void answers.push(...(await ask(model, tag, clock))),
    });
  } finally {
    await real.remove();
  }
  return answers;
}

/** Asks both; the real ledger first, as it stands, before the model is brought up to date. */
async function ask(model: Model, tag: string, clock: number): Promise<string[]> {
  const gate = createGate({ redis, prefix: tag, priceBook: model.book, clock: () => clock });
  const real = await Promise.all(CALLS.map((call) => gate.check(call)));
  const expected = CALLS.map(({ accountId, serverId, keySource, model: name }) =>
    readGate(
      model,
      {
        ...{ accountId, serverId },
        ...(keySource === undefined ? {} : { keySource }),
        ...(name === undefined ? {} : { model: name }),
      },
      clock,
    ),
  );
  expect(CALLS.map((call, i) => ({ call, answer: real[i] }))).toEqual(
    CALLS.map((call, i) => ({ call, answer: expected[i] })),
  );
  return real.map((answer) => (answer.allow ? 'allow' : answer.reason));
}

function withGift(book: PriceBook, rate: number): PriceBook {
  const price = {
    ...{ model: 'gift', ratesMicrosPer1000: [rate, 0, 0, 0] as const },
    ...{ speed: '', creditUsage: '', bestFor: '' },
  };
  const versions = book.versions.map((version, i) =>
    i === book.versions.length - 1 ? { ...version, models: new Map([...version.models, ['gift', price]]) } : version,
  );
  return { versions };
}
