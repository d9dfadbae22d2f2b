/** A refund on the real ledger takes the least of what is asked, what of that purchase is left, and the bonus left. */
import { beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { freshRedis } from '../support/engines.ts';
import { event, purchase, refund, START_MS, upsert } from './samples.ts';
import { openStage } from './stage.ts';

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

test.each([
  ['what is asked', { spent: 0, asked: [300], taken: [300], left: 1_200 }],
  ['what of its purchase is left, another purchase aside', { spent: 0, asked: [9_000], taken: [500], left: 1_000 }],
  ['what was not refunded yet', { spent: 0, asked: [300, 300, 300], taken: [300, 200, 0], left: 1_000 }],
  ['the bonus left', { spent: 1_400, asked: [300], taken: [100], left: 0 }],
  ['nothing of nothing', { spent: 1_500, asked: [1], taken: [0], left: 0 }],
])('%s', async (_what, { spent, asked, taken, left }) => {
  const real = await openStage(redis);
  const bought = purchase({ amount: 500 });
  for (const command of [upsert({ monthly: 0 }), bought, purchase({ amount: 1_000 })]) {
    expect(await real.command(command, START_MS)).toEqual({ outcome: 'applied' });
  }
  await real.events([{ event: event({ tokens: spent }), queuedAt: START_MS }]);
  for (const amount of asked) {
    expect(await real.command(refund(bought.id, amount), START_MS)).toMatchObject({ outcome: 'applied' });
  }
  const entries = (await real.entries()).filter(({ kind }) => kind === 'refund');
  expect(entries.map(({ bonus }) => 0 - bonus)).toEqual(taken);
  expect(await real.account('a')).toMatchObject({ bonus: left });
});
