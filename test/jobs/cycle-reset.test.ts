/** The scheduled job `cycle-reset`: what is due is reset once, whoever runs it, however late, whatever lies beside it. */
import { describe, expect, test } from '@jest/globals';
import { boundary } from '../../core/cycles.ts';
import { CHUNK_ACCOUNTS } from '../../jobs/account-chunks.ts';
import { runJob } from '../../jobs/run-job.ts';
import { ENDS_KEPT } from '../../ledger/account.ts';
import { readAlertStates } from '../../ledger/alerts.ts';
import { RealLedger } from '../ledger/real-ledger.ts';
import { alerts, BOOK, event, purchase, START_MS, serverLimit, upsert } from '../ledger/samples.ts';
import { dump, openStage, outcomes } from '../ledger/stage.ts';
import { freshRedis } from '../support/engines.ts';
import { toolsOf, untouched } from './tools.ts';

const MONTHLY = 1_000_000;
const ANCHOR = '2026-01-01T00:00:00';
/** The end of cycle n of accounts in UTC. */
const end = (cycle: number): number => boundary(ANCHOR, 'UTC', cycle);

const redis = await freshRedis();

const run = (real: RealLedger, now?: number) =>
  runJob('cycle-reset', toolsOf(real.context), now === undefined ? {} : { now });

/** Accounts `a0`, `a1` …, each in its cycle 1 with 500 µcr of bonus and a call of 1,000 µcr. */
async function openAccounts(count: number): Promise<{ real: RealLedger; ids: readonly string[] }> {
  const real = await openStage(redis);
  const ids = Array.from({ length: count }, (_, i) => `a${i}`);
  for (const accountId of ids) {
    await real.command(upsert({ accountId }), START_MS);
    await real.command(purchase({ accountId }), START_MS);
  }
  await outcomes(
    real,
    ids.map((accountId) => event({ accountId })),
  );
  return { real, ids };
}

/** Grants and expiries of an account, as `kind cycle delta`. */
async function resetsOf(real: RealLedger, id: string): Promise<string[]> {
  const entries = (await real.entries()).filter(({ account }) => account === id);
  return entries.flatMap(({ kind, cycle, monthly }) =>
    kind === 'grant' || kind === 'expiry' ? [`${kind} ${cycle} ${monthly}`] : [],
  );
}

const RESET_ONCE = [`grant 1 ${MONTHLY}`, `expiry 1 ${1_000 - MONTHLY}`, `grant 2 ${MONTHLY}`];

describe('what is due', () => {
  test('is reset at its instant, not a millisecond before; the bonus stays; a second run finds nothing', async () => {
    const { real } = await openAccounts(1);
    await real.setClock(end(1) - 1);
    const before = await untouched(real);
    expect(await run(real)).toMatchObject({ ok: true, summary: '0 account(s) reset, 0 cycle(s) ended.', rows: [] });
    expect(await untouched(real)).toEqual(before);
    await real.setClock(end(1));
    expect(await run(real)).toMatchObject({ ok: true, summary: '1 account(s) reset, 1 cycle(s) ended.' });
    expect(await resetsOf(real, 'a0')).toEqual(RESET_ONCE);
    expect(await real.account('a0')).toMatchObject({ cycle: 2, monthly: MONTHLY, bonus: 500 });
    expect(await run(real)).toMatchObject({ summary: '0 account(s) reset, 0 cycle(s) ended.' });
  });

  test('run by two at once is granted once, and both together tell of every account once', async () => {
    const { real, ids } = await openAccounts(250);
    const other = await RealLedger.open(await freshRedis(), real.context.keys.tag, START_MS, BOOK);
    await real.setClock(end(1) + 5);
    const runs = await Promise.all([run(real), run(other)]);
    const told = runs.map(({ summary }) =>
      /^(\d+) account\(s\) reset, (\d+) cycle/.exec(summary)!.slice(1).map(Number),
    );
    expect(told[0]!.map((n, i) => n + told[1]![i]!)).toEqual([250, 250]);
    for (const id of ids) expect(await real.account(id)).toMatchObject({ cycle: 2, monthly: MONTHLY, bonus: 500 });
    const resets = (await real.entries()).filter(({ kind, cycle }) => kind === 'grant' && cycle === 2);
    expect(resets.map(({ account }) => account).sort()).toEqual([...ids].sort());
  });

  test('more than one chunk of it is found; accounts whose cycle runs on are not touched', async () => {
    const real = await openStage(redis);
    const count = CHUNK_ACCOUNTS + 5;
    for (let i = 0; i < count; i += 1) await real.command(upsert({ accountId: `a${i}` }), START_MS);
    await real.command(upsert({ accountId: 'later', anchor: '2026-01-10T00:00:00' }), START_MS);
    await real.setClock(end(1));
    expect(await run(real)).toMatchObject({ summary: `${count} account(s) reset, ${count} cycle(s) ended.` });
    expect(await resetsOf(real, 'later')).toEqual([`grant 1 ${MONTHLY}`]);
  });
});

describe('missed cycles', () => {
  test('three are applied one at a time, each with its own entries; the last one is mailed', async () => {
    const { real } = await openAccounts(2);
    await real.setClock(end(3) + 3 * 86_400_000);
    expect(await run(real)).toMatchObject({ summary: '2 account(s) reset, 6 cycle(s) ended.' });
    for (const id of ['a0', 'a1']) {
      expect(await resetsOf(real, id)).toEqual([
        ...RESET_ONCE,
        ...[`expiry 2 -${MONTHLY}`, `grant 3 ${MONTHLY}`, `expiry 3 -${MONTHLY}`, `grant 4 ${MONTHLY}`],
      ]);
      expect(await real.account(id)).toMatchObject({ cycle: 4, bonus: 500 });
      const { mails } = (await readAlertStates(real.context, id))!;
      expect(mails.filter(({ kind }) => kind === 'monthly-reset')).toHaveLength(1);
    }
  });

  test('more of them than one call ends, and more than the lists reach', async () => {
    const { real, ids } = await openAccounts(30);
    await real.setClock(end(40));
    const other = await RealLedger.open(await freshRedis(), real.context.keys.tag, START_MS, BOOK);
    await Promise.all([run(real), run(other)]);
    for (const id of ids) {
      const resets = await resetsOf(real, id);
      expect(resets).toHaveLength(1 + 2 * 40);
      expect(new Set(resets).size).toBe(resets.length);
      expect(await real.account(id)).toMatchObject({ cycle: 41, monthly: MONTHLY, bonus: 500 });
    }
  });
});

test('a page with outdated, watched, closed and unknown accounts: each gets what it is due', async () => {
  const { real } = await openAccounts(5);
  const { keys } = real.context;
  await real.command({ ...upsert({ accountId: 'old', anchor: '2024-06-01T00:00:00' }) }, START_MS);
  // Days matter to these two, and run out after three.
  await real.command(serverLimit('srv', { accountId: 'a1' }), START_MS);
  await outcomes(real, [event({ accountId: 'a1', tokens: 9_000 })]);
  await real.command({ ...alerts(0), accountId: 'a2', alerts: [{ id: 'r', kind: 'runway', days: 3 }] }, START_MS);
  await real.command(
    { type: 'account.close', id: 'close', accountId: 'a3', silent: false, at: undefined, reason: 'left' },
    START_MS,
  );
  await redis.zadd(keys.accounts, end(1) - 1, 'nobody', end(1), 'nobody-either');
  await real.setClock(end(ENDS_KEPT + 1));
  const cycles = 6 * (ENDS_KEPT + 1);
  expect(await run(real)).toMatchObject({
    ok: true,
    summary: `6 account(s) reset, ${cycles} cycle(s) ended; 2 listed account(s) are not known.`,
  });
  for (const id of ['a0', 'a1', 'a2', 'a4']) {
    expect(await real.account(id)).toMatchObject({ cycle: ENDS_KEPT + 2, monthly: MONTHLY, bonus: 500 });
  }
  expect(await real.account('a3')).toMatchObject({ cycle: ENDS_KEPT + 2, monthly: 0, granted: 0, bonus: 500 });
  expect(await resetsOf(real, 'a3')).toEqual(RESET_ONCE.slice(0, 2));
  expect((await resetsOf(real, 'a1')).slice(1, 3)).toEqual([`expiry 1 ${10_000 - MONTHLY}`, `grant 2 ${MONTHLY}`]);
});

test('an account that cannot be read holds up no other, and the run says which it is', async () => {
  const { real } = await openAccounts(3);
  const { keys } = real.context;
  const held = await redis.dumpBuffer(keys.account('a1'));
  await redis.set(keys.account('a1'), 'no hash');
  await real.setClock(end(1));
  const told = await run(real);
  expect(told).toMatchObject({
    ok: false,
    summary: '2 account(s) reset, 2 cycle(s) ended; 1 account(s) could not be looked at.',
    rows: [{ account: 'a1', problem: expect.stringContaining('WRONGTYPE') }],
  });
  await redis.restore(keys.account('a1'), 0, held!, 'REPLACE');
  expect(await run(real)).toMatchObject({ ok: true, summary: '1 account(s) reset, 1 cycle(s) ended.' });
  for (const id of ['a0', 'a1', 'a2']) expect(await resetsOf(real, id)).toEqual(RESET_ONCE);
});

test('ahead of the clock it tells which accounts would be reset and when, and changes nothing', async () => {
  const { real } = await openAccounts(2);
  await real.command(upsert({ accountId: 'later', anchor: '2026-01-10T00:00:00' }), START_MS);
  const before = await dump(real);
  expect(await run(real, end(1))).toEqual({
    ...{ job: 'cycle-reset', at: '2026-02-01T00:00:00.000Z', dryRun: true, ok: true },
    summary: '2 account(s) would be reset.',
    rows: ['a0', 'a1'].map((account) => ({ account, when: '2026-02-01T00:00:00.000Z' })),
  });
  expect(await run(real, end(2))).toMatchObject({ summary: '3 account(s) would be reset.' });
  expect(await run(real, end(1) - 1)).toMatchObject({ summary: '0 account(s) would be reset.', rows: [] });
  expect(await dump(real)).toEqual(before);
});
