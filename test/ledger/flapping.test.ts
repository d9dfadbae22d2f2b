/**
 * Flapping around a threshold on the real ledger (rule 9): a thousand times below and above it make one mail, a purchase
 * in between makes two, whoever looks at the alerts meanwhile. The model says the same in test/model/alerts.test.ts.
 */
import { beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { runJob } from '../../jobs/run-job.ts';
import type { ChargeStore } from '../../ledger/charges.ts';
import { readEntries } from '../../ledger/outbox.ts';
import { applyCommand } from '../../workers/accounts/apply-command.ts';
import { heard, toolsOf } from '../jobs/tools.ts';
import { freshRedis } from '../support/engines.ts';
import { rowsOf } from './outbox-rows.ts';
import type { RealLedger } from './real-ledger.ts';
import { event, purchase, START_MS, upsert, voidOf } from './samples.ts';
import { lines, openStage, outcomes } from './stage.ts';

const CREDIT = 1_000_000;

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

/** Finds what was charged a moment ago: a look at the whole outbox would take longer each time. */
const lastCharges = ({ context }: RealLedger): ChargeStore => ({
  async find(_, eventId) {
    const entries = await readEntries(context.redis, context.keys, context.seen.sequence, 1);
    return entries.flatMap(rowsOf).find(({ event: { id } }) => id === eventId);
  },
});

/** Calls of 0.8 credits that are voided again. */
async function flap(real: RealLedger, times: number): Promise<void> {
  const options = { ...real.options, charges: lastCharges(real) };
  for (let i = 0; i < times; i += 1) {
    const call = event({ tokens: 0.8 * CREDIT });
    expect(await outcomes(real, [call])).toEqual(['accepted']);
    const voided = await applyCommand(options, { command: voidOf(call.id), queuedAt: START_MS });
    expect(voided).toEqual({ outcome: 'applied', detail: 'voided' });
    if (i % 100 === 50) await runJob('threshold-check', toolsOf(real.context));
  }
}

/** Mails of a kind that were ever decided, and how often the platform heard the event. */
async function toldOf(real: RealLedger, kind: string, type: string): Promise<[number, number]> {
  const mails = (await lines(real, 'mails')).filter((step) => step.kind === kind && step.status === 'decided');
  return [mails.length, (await heard(real)).filter((one) => one.type === type).length];
}

test('a thousand times around the threshold make one mail, a purchase in between two', async () => {
  const real = await openStage(redis);
  await real.command(upsert({ monthly: 100 * CREDIT }), START_MS);
  await outcomes(real, [event({ tokens: 79.5 * CREDIT })]);
  await flap(real, 1_000);
  expect(await toldOf(real, 'low-credits', 'credits.low')).toEqual([1, 1]);
  await real.command(purchase({ amount: 10 * CREDIT }), START_MS);
  await outcomes(real, [event({ tokens: 10 * CREDIT })]);
  await flap(real, 10);
  expect(await toldOf(real, 'low-credits', 'credits.low')).toEqual([2, 2]);
});

test('around nothing at all: the owner hears once that it is used up, the platform each time', async () => {
  const real = await openStage(redis);
  await real.command(upsert({ monthly: 10 * CREDIT }), START_MS);
  await outcomes(real, [event({ tokens: 9.2 * CREDIT })]);
  await flap(real, 20);
  // 0.8 credits come back each time, and a whole one would have to for the alert to be armed again.
  expect(await toldOf(real, 'depleted', 'credits.depleted')).toEqual([1, 20]);
});
