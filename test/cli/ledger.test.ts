/**
 * `ledger`: what is read back from ClickHouse is, line by line and balance by balance, what the model says happened;
 * folded, it is the same lines added up. Then the order of a late event's lines, ranges and limits, and the command.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type LedgerLine, ledgerLineShape } from '../../cli/ledger/lines.ts';
import { type LedgerQuestion, lastLines, readLedger } from '../../cli/ledger/read.ts';
import { BOOKS, history, START_MS } from '../ledger/histories.ts';
import { BOOK, event, START_MS as NOON_MS, purchase, upsert } from '../ledger/samples.ts';
import { readLedger as modelLedger } from '../model/index.ts';
import { call, makeTestFolder, upsert as upsertLine } from './data.ts';
import { type HistoryWorld, openHistoryWorld } from './history-world.ts';
import { comparable, folded } from './ledger-lines.ts';
import { play } from './play.ts';
import { run } from './run.ts';

const RUNS = 25;
const DAY_MS = 86_400_000;

async function linesOf(world: HistoryWorld, question: LedgerQuestion): Promise<LedgerLine[]> {
  const lines: LedgerLine[] = [];
  for await (const line of readLedger(world.reader, question)) lines.push(line);
  return lines;
}

describe('against the model', () => {
  let world: HistoryWorld;
  beforeAll(async () => {
    world = await openHistoryWorld(BOOKS[0], START_MS);
  });

  test('random histories read back are the model’s entries, folded or not', async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        n += 1;
        const { model, suffix } = await play(world, steps, n);
        const upTo = await world.flush();
        for (const id of ['a', 'b', 'c:1']) {
          const expected = (modelLedger(model.model, id, model.clock) ?? []).map(comparable);
          await world.real.account(id + suffix); // a read brings the account up to date, as the model's does
          const flushed = Math.max(upTo, await world.flush());
          const question = { accountId: id + suffix, upTo: flushed };
          const single = (await linesOf(world, { ...question, events: true })).map(comparable);
          expect(single).toEqual(expected);
          expect((await linesOf(world, question)).map(comparable)).toEqual(folded(expected));
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});

describe('a late event', () => {
  let world: HistoryWorld;
  let upTo: number;
  const STARTED = Date.parse('2026-02-01T00:00:00Z');
  beforeAll(async () => {
    world = await openHistoryWorld(BOOK, NOON_MS);
    const { real } = world;
    await real.command(upsert({ monthly: 1_000 }), NOON_MS);
    await real.command(purchase({ amount: 500 }), NOON_MS);
    await real.setClock(STARTED + 1_000);
    const late = { occurredAt: STARTED - 1_000 };
    // The first finds the old cycle's 1,000, the second nothing of it: monthly, bonus and uncovered of the new one.
    const events = [
      event({ id: 'first', tokens: 700, ...late }),
      event({ id: 'second', tokens: 2_100, ...late }),
      event({ id: 'third', tokens: 50, ...late }),
      event({ id: 'free', tokens: 0 }),
    ];
    await real.events(events.map((one) => ({ event: one, queuedAt: STARTED + 500 })));
    upTo = await world.flush();
  });

  const brief = ({
    kind,
    cycle,
    monthly,
    bonus,
    uncovered,
    monthlyAfter,
    bonusAfter,
    uncoveredAfter,
    ref,
  }: LedgerLine) =>
    [kind, cycle, monthly, bonus, uncovered, monthlyAfter, bonusAfter, uncoveredAfter, kind === 'usage' ? ref : '']
      .map(String)
      .join(' ');

  test('is usage of the cycle before as far as that paid, and of the paying cycle for the rest', async () => {
    expect((await linesOf(world, { accountId: 'a', upTo, events: true })).map(brief)).toEqual([
      'grant 1 1000 0 0 1000 0 0 ',
      'purchase 1 0 500 0 1000 500 0 ',
      'expiry 1 -1000 0 0 0 500 0 ',
      'grant 2 1000 0 0 1000 500 0 ',
      'expiry-reversed 1 700 0 0 700 500 0 ',
      'usage 1 -700 0 0 0 500 0 first',
      'expiry-reversed 1 300 0 0 300 500 0 ',
      'usage 1 -300 0 0 0 500 0 second',
      'usage 2 -1000 -500 300 0 0 300 second',
      'usage 2 0 0 50 0 0 350 third',
    ]);
  });

  test('folded, what the new cycle paid is one line with its count', async () => {
    const lines = await linesOf(world, { accountId: 'a', upTo, cycle: 2 });
    expect(lines.map(brief)).toEqual(['grant 2 1000 0 0 1000 500 0 ', 'usage 2 -1000 -500 350 0 0 350 ']);
    expect(lines.map(({ events }) => events)).toEqual([0, 2]);
  });

  test('ranges go by the commit and cut no line in two', async () => {
    const kinds = async (question: Partial<LedgerQuestion>): Promise<string[]> =>
      (await linesOf(world, { accountId: 'a', upTo, ...question })).map(({ kind }) => kind);
    expect(await kinds({ toMs: NOON_MS })).toEqual([]);
    expect(await kinds({ toMs: NOON_MS + 1 })).toEqual(['grant', 'purchase']);
    expect((await kinds({ fromMs: NOON_MS + 1 })).slice(0, 2)).toEqual(['expiry', 'grant']);
    expect(await kinds({ upTo: 0 })).toEqual([]);
  });

  test('a limit keeps the last lines in their order', async () => {
    const ask = { accountId: 'a', upTo, events: true };
    const all = await linesOf(world, ask);
    for (const count of [1, 3, all.length, all.length + 1]) {
      expect(await lastLines(readLedger(world.reader, ask), count)).toEqual({
        lines: all.slice(-count),
        before: Math.max(0, all.length - count),
      });
    }
  });

  test('the JSON of a line', async () => {
    const [, , , , , , , , line] = await linesOf(world, { accountId: 'a', upTo, events: true });
    expect(ledgerLineShape(line!)).toEqual({
      sequence: line!.sequence,
      index: expect.any(Number),
      at: '2026-02-01T00:00:01.000Z',
      ...{ kind: 'usage', cycle: 2, monthly: '-0.001', bonus: '-0.0005', uncovered: '0.0003' },
      ...{ monthlyAfter: '0', bonusAfter: '0', uncoveredAfter: '0.0003', ref: 'second', note: '', events: 1 },
    });
  });

  test('days of usage between two entries are one line, split where a range begins', async () => {
    const { real } = world;
    await real.command(purchase({ amount: 900 }), STARTED);
    for (const day of [1, 2, 3]) {
      const clock = STARTED + day * DAY_MS;
      await real.setClock(clock);
      await real.events([{ event: event({ tokens: 100, occurredAt: clock }), queuedAt: clock }]);
    }
    const question = { accountId: 'a', upTo: await world.flush(), cycle: 2 };
    const sums = async (fromMs?: number) =>
      (await linesOf(world, { ...question, fromMs })).filter(({ kind }) => kind === 'usage').map(({ bonus }) => bonus);
    expect(await sums()).toEqual([-500n, -300n]);
    expect(await sums(STARTED + 2 * DAY_MS)).toEqual([-200n]);
  });
});

describe('the command', () => {
  const folder = makeTestFolder();
  const cli = (...argv: string[]) => run(argv, folder.env);
  afterAll(() => folder.remove());

  test('reads what has just been applied, without a service', async () => {
    const file = folder.file('a.ndjson', [
      upsertLine('acme', 100),
      ...Array.from({ length: 3 }, (_, i) => call(`e-${i}`, 'acme')),
      { type: 'credits.purchase', id: 'buy', accountId: 'acme', credits: '5', reference: 'invoice 7' },
      call('e-3', 'acme'),
    ]);
    expect((await cli('ingest', file)).code).toBe(0);
    const { code, stdout, stderr } = await cli('ledger', 'acme', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = JSON.parse(stdout) as { kind: string; events: number; monthlyAfter: string; note: string }[];
    expect(lines.map(({ kind, events, monthlyAfter }) => [kind, events, monthlyAfter])).toEqual([
      ['grant', 0, '100'],
      ['usage', 3, '97'],
      ['purchase', 0, '97'],
      ['usage', 1, '96'],
    ]);
    expect(lines[2]!.note).toBe('invoice 7');
    const table = (await cli('ledger', 'acme', '--limit', '2')).stdout;
    expect(table).toMatch(/^… 2 earlier lines; --limit shows more\.$/m);
    expect(table).toMatch(/ purchase +\+5 +97 +5 +buy {2}invoice 7$/m);
    expect((await cli('ledger', 'acme', '--from', '2030-01-01')).stdout).toBe('No entries in this range.\n');
    expect(await cli('ledger', 'nobody')).toMatchObject({ code: 1, stderr: expect.stringContaining('is not known') });
  });
});
