/** The scheduled job `threshold-check`: alerts that no debit decides, and credits about to expire, told once a cycle. */
import { describe, expect, test } from '@jest/globals';
import { boundary } from '../../core/cycles.ts';
import { runJob } from '../../jobs/run-job.ts';
import { EXPIRING_MS } from '../../jobs/threshold-check.ts';
import { readAlertStates } from '../../ledger/alerts.ts';
import { RealLedger } from '../ledger/real-ledger.ts';
import { alerts, BOOK, event, purchase, START_MS, serverLimit, upsert } from '../ledger/samples.ts';
import { dump, lines, openStage, outcomes } from '../ledger/stage.ts';
import { freshRedis } from '../support/engines.ts';
import { heard, toolsOf, untouched } from './tools.ts';

const redis = await freshRedis();
const HOUR_MS = 3_600_000;
const MONTHLY = 1_000_000;
const end = (cycle: number): number => boundary('2026-01-01T00:00:00', 'UTC', cycle);

const run = (real: RealLedger, now?: number) =>
  runJob('threshold-check', toolsOf(real.context), now === undefined ? {} : { now });

/** Every mail of a kind that was ever decided, as `account number`. */
async function mailsOf(real: RealLedger, kind: string): Promise<string[]> {
  const steps = await lines(real, 'mails');
  return steps
    .filter((step) => step.kind === kind && step.status === 'decided')
    .map(({ intentId }) => String(intentId))
    .sort();
}

async function openAccounts(...ids: string[]): Promise<RealLedger> {
  const real = await openStage(redis);
  for (const accountId of ids) await real.command(upsert({ accountId }), START_MS);
  return real;
}

describe('credits about to expire', () => {
  test('are told once a cycle, from three days before its end on, whoever runs the job', async () => {
    const real = await openAccounts('a', 'b');
    const other = await RealLedger.open(await freshRedis(), real.context.keys.tag, START_MS, BOOK);
    await real.setClock(end(1) - EXPIRING_MS - 1);
    await run(real);
    expect(await mailsOf(real, 'expiring')).toEqual([]);
    await real.setClock(end(1) - EXPIRING_MS);
    await Promise.all([run(real), run(other)]);
    const first = ['a:mail:1', 'b:mail:1'];
    expect(await mailsOf(real, 'expiring')).toEqual(first);
    for (const hours of [1, 24, 71]) {
      await real.setClock(end(1) - EXPIRING_MS + hours * HOUR_MS);
      await run(real);
    }
    expect(await mailsOf(real, 'expiring')).toEqual(first);
    // The next cycle has its own: its reset took the first one back and was mailed itself.
    await real.setClock(end(2) - 1);
    await run(real);
    await run(other);
    expect(await mailsOf(real, 'expiring')).toEqual(['a:mail:1', 'a:mail:3', 'b:mail:1', 'b:mail:3']);
  });

  test('only where a fifth of the grant or more is left, and not of closed accounts', async () => {
    const real = await openAccounts('fifth', 'less', 'closed', 'bonus');
    await real.setClock(end(1) - HOUR_MS);
    const occurredAt = end(1) - HOUR_MS;
    const use = (accountId: string, tokens: number) => outcomes(real, [event({ accountId, tokens, occurredAt })]);
    await use('fifth', (MONTHLY / 5) * 4);
    await use('less', (MONTHLY / 5) * 4 + 1);
    await use('bonus', MONTHLY);
    await real.command(purchase({ accountId: 'bonus', amount: MONTHLY }), occurredAt);
    const close = { type: 'account.close', id: 'close', accountId: 'closed', silent: false, at: undefined } as const;
    await real.command({ ...close, reason: 'left' }, occurredAt);
    await run(real);
    expect((await mailsOf(real, 'expiring')).map((id) => id.split(':')[0])).toEqual(['fifth']);
  });
});

test('a forecast of the new day fires an alert; a limited server is released', async () => {
  const real = await openAccounts('a');
  await real.command({ ...alerts(0), alerts: [{ id: 'r', kind: 'runway', days: 3 }] }, START_MS);
  await real.command(serverLimit('srv'), START_MS);
  await outcomes(real, [event({ tokens: 1 })]);
  const day = (n: number): number => Date.parse('2026-01-15T00:00:00Z') + n * 24 * HOUR_MS;
  await real.setClock(day(1) + HOUR_MS);
  await outcomes(real, [event({ tokens: 700_000, occurredAt: day(1) + HOUR_MS })], day(1) + HOUR_MS);
  await real.setClock(day(2));
  await run(real);
  const { alerts: standing } = (await readAlertStates(real.context, 'a'))!;
  expect(standing.find(({ alert }) => alert.id === 'r')).toMatchObject({ state: 'fired' });
  expect((await heard(real)).map(({ type }) => type)).toEqual(['server.limited', 'server.released']);
});

test('in 24 hours every account is looked at, and one where nothing changes is not written', async () => {
  const ids = Array.from({ length: 50 }, (_, i) => `a${i}`);
  const real = await openStage(redis);
  for (const accountId of ids) await real.command(upsert({ accountId, monthly: 100 * MONTHLY }), START_MS);
  // What no event would decide: an alert that stands wrong, as an older version may have left it.
  const broken = ['a0', 'a17', 'a49'];
  for (const id of broken) {
    const text = (await redis.hget(real.context.keys.account(id), 'alerts'))!;
    await redis.hset(real.context.keys.account(id), 'alerts', text.replace(/^1/, '0'));
  }
  const fixed = async () =>
    (await lines(real, 'alerts')).map(({ accountId, alertId, state }) => `${accountId} ${alertId} ${state}`).sort();
  let looked = 0;
  for (let hour = 0; hour < 24; hour += 1) {
    await real.setClock(START_MS + hour * HOUR_MS);
    looked += Number(/^(\d+) account/.exec((await run(real)).summary)![1]);
  }
  expect(looked).toBe(ids.length);
  expect(await fixed()).toEqual(['a0 low armed', 'a17 low armed', 'a49 low armed']);
  const before = await untouched(real);
  for (let hour = 0; hour < 24; hour += 1) await run(real);
  expect(await untouched(real)).toEqual(before);
});

test('outdated accounts are renewed, unknown ones told', async () => {
  const real = await openAccounts('a');
  await real.command(serverLimit('srv'), START_MS);
  await outcomes(real, [event({ tokens: 9_000 })]);
  await real.setClock(end(1) - HOUR_MS); // its local days ended long ago
  await redis.zadd(real.context.keys.accounts, end(1), 'nobody');
  await redis.zadd(real.context.keys.midnights, START_MS, 'nobody');
  expect((await run(real)).summary).toMatch(/^\d+ account\(s\) looked at, \d+ of them changed; \d listed account/);
  expect((await heard(real)).map(({ type }) => type)).toEqual(['server.limited', 'server.released']);
  expect(await mailsOf(real, 'expiring')).toHaveLength(1);
});

test('ahead of the clock it tells who would be looked at and why, and changes nothing', async () => {
  const real = await openAccounts('a', 'b');
  await real.command(serverLimit('srv'), START_MS);
  await outcomes(real, [event({ tokens: 9_000 })]);
  const before = await dump(real);
  expect(await run(real, end(1) - EXPIRING_MS)).toMatchObject({
    dryRun: true,
    summary:
      '1 account(s) whose local day ends, 2 whose cycle ends within three days, and 0 of all would be looked at.',
    rows: [
      { account: 'a', when: '2026-01-16T00:00:00.000Z', why: 'local day ends' },
      { account: 'a', when: '2026-02-01T00:00:00.000Z', why: 'cycle ends' },
      { account: 'b', when: '2026-02-01T00:00:00.000Z', why: 'cycle ends' },
    ],
  });
  expect(await dump(real)).toEqual(before);
});
