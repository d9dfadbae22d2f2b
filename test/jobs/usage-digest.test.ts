/** The scheduled job `usage-digest`: one mail an account and week that cost something, from its local Monday on. */
import { expect, test } from '@jest/globals';
import { runJob } from '../../jobs/run-job.ts';
import { RealLedger } from '../ledger/real-ledger.ts';
import { BOOK, event, START_MS, upsert } from '../ledger/samples.ts';
import { dump, lines, openStage, outcomes } from '../ledger/stage.ts';
import { freshRedis } from '../support/engines.ts';
import { toolsOf, untouched } from './tools.ts';

const redis = await freshRedis();
const DAY_MS = 86_400_000;
/** Nine o'clock of the Monday after the Thursday that stories start on. */
const MONDAY = Date.parse('2026-01-19T09:00:00Z');
/** Days since 1970 of the Monday before it. */
const WEEK = Date.parse('2026-01-12T00:00:00Z') / DAY_MS;

const run = (real: RealLedger, now?: number) =>
  runJob('usage-digest', toolsOf(real.context), now === undefined ? {} : { now });

/** Every digest that was ever decided, as `account first day`. */
async function digests(real: RealLedger): Promise<string[]> {
  const steps = (await lines(real, 'mails')).filter(({ kind, status }) => kind === 'digest' && status === 'decided');
  return steps.map(({ accountId, snapshot }) => `${accountId} ${(snapshot as { firstDay: number }).firstDay}`).sort();
}

async function openUsed(zones: Readonly<Record<string, string>>): Promise<RealLedger> {
  const real = await openStage(redis);
  for (const [accountId, timeZone] of Object.entries(zones)) {
    await real.command(upsert({ accountId, timeZone }), START_MS);
    await outcomes(real, [event({ accountId })]);
  }
  return real;
}

test('once a week, whoever runs it, on Monday and on Tuesday', async () => {
  const real = await openUsed({ a: 'UTC', b: 'Europe/Berlin' });
  await real.command(upsert({ accountId: 'idle' }), START_MS);
  const other = await RealLedger.open(await freshRedis(), real.context.keys.tag, START_MS, BOOK);
  await real.setClock(MONDAY - 2 * DAY_MS);
  await run(real);
  expect(await digests(real)).toEqual([]);
  await real.setClock(MONDAY);
  await Promise.all([run(real), run(other)]);
  expect(await digests(real)).toEqual([`a ${WEEK}`, `b ${WEEK}`]);
  await real.setClock(MONDAY + DAY_MS);
  await run(real);
  expect(await digests(real)).toHaveLength(2);
  // The week after cost `a` something, `b` nothing.
  await outcomes(real, [event({ accountId: 'a', occurredAt: MONDAY + DAY_MS })], MONDAY + DAY_MS);
  await real.setClock(MONDAY + 7 * DAY_MS);
  await run(real);
  expect(await digests(real)).toEqual([`a ${WEEK}`, `a ${WEEK + 7}`, `b ${WEEK}`]);
});

test('by the week of each account: where it is still Sunday, on Tuesday', async () => {
  const real = await openUsed({ east: 'Pacific/Kiritimati', west: 'Pacific/Honolulu' });
  await real.setClock(MONDAY);
  await run(real);
  expect(await digests(real)).toEqual([`east ${WEEK}`]);
  await real.setClock(MONDAY + DAY_MS);
  await run(real);
  expect(await digests(real)).toEqual([`east ${WEEK}`, `west ${WEEK}`]);
});

test('an account that was left alone for months is neither renewed nor mailed', async () => {
  const real = await openUsed({ a: 'UTC' });
  await real.setClock(MONDAY);
  await run(real);
  await real.setClock(MONDAY + 7 * DAY_MS);
  await real.account('a');
  const before = await untouched(real);
  await run(real);
  expect(await untouched(real)).toEqual(before);
});

test('ahead of the clock it tells how many accounts would be looked at', async () => {
  const real = await openUsed({ a: 'UTC', b: 'UTC' });
  const before = await dump(real);
  expect(await run(real, MONDAY)).toMatchObject({
    ...{ dryRun: true, summary: '2 account(s) would be looked at.', rows: [] },
  });
  expect(await dump(real)).toEqual(before);
});
