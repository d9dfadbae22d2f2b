/**
 * Voids as people see them afterwards: every reader of the history agrees with the balances, and `explain` says what
 * was voided, by which command and why, and what came back.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { explainPage } from '../../cli/explain/page.ts';
import { type ExplainShape, explainEvent } from '../../cli/explain/read.ts';
import { lastLines, readLedger } from '../../cli/ledger/read.ts';
import { verifyChain } from '../../cli/ledger/verify.ts';
import { ledgerView } from '../../cli/ledger/view.ts';
import { readStatement } from '../../cli/statement/read.ts';
import { readUsage } from '../../cli/usage/read.ts';
import { type ReconcileReport, reconcile } from '../../jobs/reconcile.ts';
import { recordPriceVersions } from '../../schema/price-versions.ts';
import { BOOKS, history, START_MS } from '../ledger/histories.ts';
import { BOOK, event, LATER_BOOK, START_MS as NOON_MS, purchase, upsert, voidOf } from '../ledger/samples.ts';
import { type HistoryWorld, openHistoryWorld } from './history-world.ts';
import { play } from './play.ts';

const RUNS = 15;
const FEBRUARY_MS = Date.parse('2026-02-01T00:00:00Z');

function reconciled({ real, client }: HistoryWorld, accountIds: readonly string[]): Promise<ReconcileReport> {
  const { signal } = new AbortController();
  return reconcile({ ledger: real.context, clickhouse: client, accountIds, signal });
}

async function verified({ real, reader, redis }: HistoryWorld, accountId: string) {
  return verifyChain(reader, accountId, Number(await redis.hget(real.context.keys.meta, 'block')));
}

test('of random histories the books balance, the rollups are the model’s, and every chain holds', async () => {
  const world = await openHistoryWorld(BOOKS[0], START_MS);
  const all: string[] = [];
  let n = 0;
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      n += 1;
      const { model, suffix } = await play(world, steps, n);
      const known = [...model.model.accounts.values()];
      for (const { id } of known) await world.real.account(id + suffix);
      await world.flush();
      all.push(...known.map(({ id }) => id + suffix));
      const { drift, mismatches } = await reconciled(world, all);
      expect({ drift, mismatches }).toEqual({ drift: '0', mismatches: [] });
      for (const { id, charges } of known) {
        const accountId = id + suffix;
        expect(await verified(world, accountId)).toMatchObject({ intact: true });
        const counted = charges.filter(({ voided }) => !voided);
        const [total] = await rowsOf(world, { accountId, timeZone: 'UTC', by: [] });
        expect(total?.events ?? 0).toBe(counted.length);
        expect(Math.round(Number(total?.credits ?? 0) * 1e6)).toBe(
          counted.reduce((sum, { cost }) => sum + Number(cost), 0),
        );
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});

async function rowsOf(world: HistoryWorld, question: Parameters<typeof readUsage>[1]) {
  const rows = [];
  for await (const row of readUsage(world.reader, question, NOON_MS)) rows.push(row);
  return rows;
}

describe('a story', () => {
  let world: HistoryWorld;
  const explain = async (id: string): Promise<[ExplainShape, string]> => {
    const shape = await explainEvent(world.reader, 'a', id);
    return [shape, explainPage(shape, 'UTC')];
  };

  beforeAll(async () => {
    world = await openHistoryWorld(BOOK, NOON_MS);
    await recordPriceVersions(world.client, BOOK);
    const { real } = world;
    const charge = (...events: ReturnType<typeof event>[]) =>
      real.events(events.map((one) => ({ event: one, queuedAt: NOON_MS })));
    await real.command(upsert({ monthly: 1_000_000 }), NOON_MS);
    await real.command(purchase({ amount: 500_000 }), NOON_MS);
    await real.command(voidOf('early', { id: 'v-early', reason: 'a test run' }), NOON_MS);
    await real.command(voidOf('never', { id: 'v-never' }), NOON_MS);
    await charge(event({ id: 'kept', tokens: 100_000 }), event({ id: 'early', tokens: 70_000 }));
    await charge(event({ id: 'now', serverId: 'web', tokens: 1_600_000 }));
    await charge(event({ id: 'waits', model: 'late' }));
    await real.command(voidOf('waits', { id: 'v-waits' }), NOON_MS);
    await world.flush();
    await real.command(voidOf('now', { id: 'v-now', reason: 'wrong <model>' }), NOON_MS);
    await real.command(voidOf('now', { id: 'v-twice' }), NOON_MS);
    await charge(event({ id: 'last', tokens: 1_000_000 }));
    await real.setClock(FEBRUARY_MS);
    await world.flush();
    await real.command(voidOf('last', { id: 'v-last' }), NOON_MS);
    await world.flush();
  });

  test('explain: charged and voided', async () => {
    const [shape, page] = await explain('now');
    expect(shape).toMatchObject({
      ...{ outcome: 'voided', charge: { credits: '1.6', split: { monthly: '0.9', bonus: '0.5', uncovered: '0.2' } } },
      voids: [
        {
          ...{ commandId: 'v-now', outcome: 'applied', detail: 'voided', reason: 'wrong <model>' },
          back: { cycle: 1, monthly: '0.9', bonus: '0.5', uncovered: '0.2' },
        },
        { commandId: 'v-twice', outcome: 'applied', detail: 'already-voided', back: null },
      ],
    });
    expect(page).toContain('Event now of a was accepted, cost 1.6 credits, and was voided.');
    expect(page).toContain('2026-01-15 12:30:00 +00:00  v-now voided it: wrong <model>');
    expect(page).toContain('given back: 0.9 monthly (cycle 1) and 0.5 bonus; 0.2 less is uncovered');
    expect(page).toContain('v-twice changed nothing, it was voided already: wrong model');
  });

  test('explain: voided after its cycle had ended', async () => {
    const [shape, page] = await explain('last');
    expect(shape.voids).toMatchObject([{ back: { cycle: 1, monthly: '0', bonus: '0.1', uncovered: '0' } }]);
    expect(page).toContain(
      'given back: 0 monthly (cycle 1) and 0.1 bonus; the monthly credits of a cycle that is over are not',
    );
  });

  test('explain: voided before it came, while it waits, and not come yet', async () => {
    const [early, earlyPage] = await explain('early');
    expect(early).toMatchObject({
      outcome: 'voided',
      charge: { credits: '0', exactCredits: '0.07', split: { monthly: '0', bonus: '0', uncovered: '0' } },
      voids: [{ commandId: 'v-early', detail: 'remembered', reason: 'a test run', back: null }],
    });
    expect(earlyPage).toContain(
      'Event early of a was voided before it was charged: it was accepted, and cost nothing.',
    );
    expect(earlyPage).toContain('v-early voided it before it was charged: a test run');
    expect(earlyPage).toContain('Who paid:\n  nobody');
    const [waits, waitsPage] = await explain('waits');
    expect(waits.outcome).toBe('parked');
    expect(waitsPage).toContain('It is voided, and will cost nothing.');
    const [never, neverPage] = await explain('never');
    expect(never).toMatchObject({ outcome: 'unknown', charge: null, voids: [{ detail: 'remembered' }] });
    expect(neverPage).toContain('has not come yet and is voided: it will cost nothing when it comes.');
  });

  test('ledger: an entry each, in the cycle that paid', async () => {
    const upTo = await world.flush();
    const { lines } = await lastLines(readLedger(world.reader, { accountId: 'a', upTo }), 100);
    const told = lines.map(({ kind, cycle, monthly, bonus, uncovered, ref, note }) =>
      [kind, cycle, monthly, bonus, uncovered, kind === 'void' ? `${ref} ${note}` : ''].join(' ').trim(),
    );
    expect(told).toEqual([
      ...['grant 1 1000000 0 0', 'purchase 1 0 500000 0', 'usage 1 -1000000 -500000 200000'],
      ...['void 1 900000 500000 -200000 v-now now', 'usage 1 -900000 -100000 0'],
      ...['grant 2 1000000 0 0', 'void 1 0 100000 0 v-last last'],
    ]);
    expect(ledgerView(lines, 0, 'UTC')).toMatch(/ void +\+0\.9 +\+0\.5 +-0\.2 +0\.9 +0\.5 +v-now {2}of now$/m);
    expect(await verified(world, 'a')).toMatchObject({ intact: true, usageRows: 7 });
  });

  test('statement: adds up, in the cycle that is over and in the one that runs', async () => {
    const account = (await world.real.account('a'))!;
    const upTo = await world.flush();
    const [over, running] = await Promise.all([1, 2].map((n) => readStatement(world.reader, account, n, upTo)));
    expect([over!.mismatches, running!.mismatches]).toEqual([[], []]);
    expect(over!.lines.find(({ kind }) => kind === 'void')).toMatchObject({ monthly: 900_000n, uncovered: -200_000n });
    expect(over!.closing).toEqual({ monthly: 0n, bonus: 400_000n, uncovered: 0n });
    expect(running!.closing).toEqual({ monthly: 1_000_000n, bonus: 500_000n, uncovered: 0n });
  });

  test('usage: what is left of it, whatever the buckets', async () => {
    const rows = await rowsOf(world, { timeZone: 'UTC', by: ['server'], bucket: 'day' });
    expect(rows).toEqual([
      expect.objectContaining({
        serverId: 'srv',
        bucket: '2026-01-15',
        events: 1,
        inputTokens: 100_000,
        credits: '0.1',
      }),
    ]);
  });

  test('reconcile: no drift; what a void did not do shows', async () => {
    await world.real.account('a');
    await world.flush();
    expect(await reconciled(world, ['a'])).toMatchObject({ events: 4, drift: '0', mismatches: [] });
    await world.client.command({
      query: "ALTER TABLE ledger_entries DELETE WHERE kind = 'void' AND ref = 'v-last'",
      clickhouse_settings: { mutations_sync: '1' },
    });
    expect((await reconciled(world, ['a'])).mismatches.map(({ what }) => what)).toEqual(['bonus', 'bonus of voids']);
  });

  test('released, it is voided too', async () => {
    world.real = await world.real.setBook(LATER_BOOK);
    await world.flush();
    const [shape] = await explain('waits');
    expect(shape).toMatchObject({ outcome: 'voided', charge: { credits: '0' }, voids: [{ commandId: 'v-waits' }] });
  });
});
