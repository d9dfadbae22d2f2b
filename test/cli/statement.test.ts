/**
 * `statement`: of random histories every cycle adds up, ends with nothing monthly, and opens with the bonus the one
 * before it closed with. Then one story on paper in every format, and sums that are made wrong.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Statement } from '../../cli/statement/build.ts';
import { statementCsv } from '../../cli/statement/csv.ts';
import { statementHtml } from '../../cli/statement/html.ts';
import { readStatement } from '../../cli/statement/read.ts';
import { statementShape } from '../../cli/statement/shape.ts';
import { statementText } from '../../cli/statement/text.ts';
import { BOOKS, history, START_MS } from '../ledger/histories.ts';
import { BOOK, event, START_MS as NOON_MS, purchase, refund, upsert } from '../ledger/samples.ts';
import { call, makeTestFolder, upsert as upsertLine } from './data.ts';
import { type HistoryWorld, openHistoryWorld } from './history-world.ts';
import { play } from './play.ts';
import { run } from './run.ts';

const RUNS = 10;

async function statementOf(world: HistoryWorld, accountId: string, cycle: number): Promise<Statement> {
  const account = (await world.real.account(accountId))!;
  return readStatement(world.reader, account, cycle, Math.max(await world.flush(), account.sequence));
}

test('of random histories every cycle adds up, one after the other', async () => {
  const world = await openHistoryWorld(BOOKS[0], START_MS);
  let n = 0;
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      n += 1;
      const { suffix } = await play(world, steps, n);
      for (const id of ['a', 'b']) {
        const account = await world.real.account(id + suffix);
        if (account === undefined) continue;
        let before: Statement | undefined;
        for (let cycle = account.schedule[0]!.cycle; cycle <= account.cycle; cycle += 1) {
          const statement = await statementOf(world, id + suffix, cycle);
          expect(statement.mismatches).toEqual([]);
          expect(statement.opening.bonus).toBe(before?.closing.bonus ?? 0n);
          if (before !== undefined) expect([before.closing.monthly, before.end]).toEqual([0n, statement.start]);
          before = statement;
        }
        expect(before!.closing).toEqual({
          monthly: BigInt(account.monthly),
          bonus: BigInt(account.bonus),
          uncovered: BigInt(account.uncovered),
        });
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});

describe('a story', () => {
  let world: HistoryWorld;
  const STARTED = Date.parse('2026-02-01T00:00:00Z');
  const EVIL = '<script>alert("&")</script>';

  beforeAll(async () => {
    world = await openHistoryWorld(BOOK, NOON_MS);
    const { real } = world;
    const at = (ms: number) => real.setClock(ms);
    await real.command(upsert({ monthly: 1_000_000 }), NOON_MS);
    const buy = { ...purchase({ amount: 500_000 }), id: 'buy', reference: `=1+1 "${EVIL}"` };
    await real.command(buy, NOON_MS);
    await real.command({ ...refund('buy', 100_000), id: 'back' }, NOON_MS);
    await real.events(
      [
        event({ serverId: 'web', tokens: 600_000 }),
        event({ serverId: 'web', tokens: 0 }),
        event({ serverId: '@bot', tokens: 250_000 }),
      ].map((one) => ({ event: one, queuedAt: NOON_MS })),
    );
    await at(STARTED + 1_000);
    await real.events([
      { event: event({ serverId: 'web', tokens: 200_000, occurredAt: STARTED - 1 }), queuedAt: STARTED },
      { event: event({ serverId: 'web', tokens: 1_300_000, occurredAt: STARTED }), queuedAt: STARTED },
    ]);
  });

  test('a cycle that is over: late use of it included, nothing left', async () => {
    expect(statementShape(await statementOf(world, 'a', 1))).toEqual({
      ...{ accountId: 'a', cycle: 1, timeZone: 'UTC', isOver: true, asOf: '2026-02-01T00:00:01.000Z' },
      ...{ start: '2026-01-01T00:00:00.000Z', end: '2026-02-01T00:00:00.000Z' },
      opening: { monthly: '0', bonus: '0', uncovered: '0' },
      lines: [
        expect.objectContaining({ kind: 'grant', count: 1, monthly: '1', bonus: '0', at: '2026-01-15T12:30:00.000Z' }),
        expect.objectContaining({ kind: 'purchase', ref: 'buy', monthly: '0', bonus: '0.5' }),
        expect.objectContaining({ kind: 'refund', ref: 'back', bonus: '-0.1', note: 'asked 0.1, taken 0.1' }),
        { kind: 'usage', at: null, ref: '', note: '', count: 3, monthly: '-1', bonus: '0', uncovered: '0' },
        expect.objectContaining({ kind: 'expiry-reversed', at: null, monthly: '0.15' }),
        expect.objectContaining({ kind: 'expiry', monthly: '-0.15' }),
      ],
      closing: { monthly: '0', bonus: '0.4', uncovered: '0' },
      usage: [
        { serverId: 'web', model: 'unit', events: 3, credits: '0.75', monthly: '0.75', bonus: '0', uncovered: '0' },
        { serverId: '@bot', model: 'unit', events: 1, credits: '0.25', monthly: '0.25', bonus: '0', uncovered: '0' },
      ],
      usageTotal: { credits: '1', monthly: '1', bonus: '0', uncovered: '0' },
      balanced: true,
      mismatches: [],
    });
  });

  test('the running cycle: opens with the bonus, and is what Redis says', async () => {
    const shape = statementShape(await statementOf(world, 'a', 2));
    expect(shape).toMatchObject({
      isOver: false,
      opening: { monthly: '0', bonus: '0.4', uncovered: '0' },
      closing: { monthly: '0', bonus: '0.05', uncovered: '0' },
      usageTotal: { credits: '1.35', monthly: '1', bonus: '0.35', uncovered: '0' },
      balanced: true,
    });
  });

  test('text', async () => {
    const text = statementText(await statementOf(world, 'a', 1));
    expect(text).toContain(
      'Statement of a, cycle 1\n2026-01-01 00:00:00 +00:00 to 2026-02-01 00:00:00 +00:00 (UTC), over',
    );
    expect(text).toMatch(/^opening +0 +0 +0$/m);
    expect(text).toMatch(/^usage \(3 calls\) +-1$/m);
    expect(text).toMatch(/^closing +0 +0\.4 +0$/m);
    expect(text).toMatch(/^all +4 +1 +1 +0 +0$/m);
    expect(text).toMatch(/The sums add up\.$/);
    expect(statementText(await statementOf(world, 'a', 2))).toMatch(/^now +0 +0\.05 +0$/m);
  });

  test('CSV: quoted, and no formulas', async () => {
    const rows = statementCsv(await statementOf(world, 'a', 1)).split('\r\n');
    expect(rows[0]).toBe('account,cycle,section,kind,at,ref,note,server,model,count,monthly,bonus,uncovered');
    expect(rows).toContain('a,1,balance,opening,,,,,,,0,0,0');
    expect(rows.find((row) => row.includes('buy'))).toContain(`,"'=1+1 ""${EVIL.replaceAll('"', '""')}""",`);
    expect(rows).toContain("a,1,usage,usage,,,,'@bot,unit,1,0.25,0,0");
    expect(rows.find((row) => row.includes('refund'))).toMatch(/,-0\.1,0$/);
    expect(rows.at(-1)).toBe('');
  });

  test('HTML: whole, self-contained, escaped', async () => {
    const html = statementHtml(await statementOf(world, 'a', 1));
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(html).toContain('&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;');
    expect(html).not.toContain('<script');
    expect(html).not.toMatch(/https?:|src=|href=|url\(/);
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).toContain('@media print');
    expect(html).toContain(
      '<tr class="sum"><td>Closing</td><td></td><td></td><td class="n">0</td><td class="n">0.4</td>',
    );
    const opened = [...html.matchAll(/<(\w+)[ >]/g)].map(([, tag]) => tag).filter((tag) => tag !== 'meta');
    const closed = [...html.matchAll(/<\/(\w+)>/g)].map(([, tag]) => tag);
    expect(opened.sort()).toEqual(closed.sort());
  });

  test('a cycle that has not begun, and one before the account', async () => {
    await expect(statementOf(world, 'a', 3)).rejects.toMatchObject({
      code: 'cycle-unknown',
      message: 'Cycle 3 of account a has not begun: cycle 2 is running.',
    });
    await expect(statementOf(world, 'a', 0)).rejects.toMatchObject({
      message: 'Cycle 0 of account a was over before the account was known: it started in cycle 1.',
    });
  });

  test('rows that somebody changed do not add up', async () => {
    await world.client.command({
      query: `INSERT INTO usage_events (account_id, server_id, model, occurred_at, cost, from_monthly, paying_cycle, events, sequence, committed_at)
        VALUES ('a', 'web', 'unit', '2026-01-20 00:00:00', 7, 7, 1, 1, 1, '2026-01-20 00:00:00')`,
    });
    const { mismatches } = await statementOf(world, 'a', 1);
    expect(mismatches.map(({ what }) => what)).toContain('monthly credits left of a cycle that is over');
    expect(statementText(await statementOf(world, 'a', 1))).toContain('The sums do not add up: ');
  });
});

describe('the command', () => {
  const folder = makeTestFolder();
  const cli = (...argv: string[]) => run(argv, folder.env);
  afterAll(() => folder.remove());

  test('prints each format, and fails when the sums do not add up', async () => {
    const file = folder.file('a.ndjson', [upsertLine('acme', 100), call('e-1', 'acme'), call('e-2', 'acme')]);
    expect((await cli('ingest', file)).code).toBe(0);
    const { code, stdout } = await cli('statement', 'acme', '--cycle', '1', '--json');
    expect({ code, shape: JSON.parse(stdout) }).toMatchObject({
      code: 0,
      shape: { balanced: true, closing: { monthly: '98' }, usage: [{ serverId: 'acme-srv', events: 2, credits: '2' }] },
    });
    expect((await cli('statement', 'acme', '--cycle', '1')).stdout).toContain('The sums add up.\n');
    expect((await cli('statement', 'acme', '--cycle', '1', '--format', 'csv')).stdout).toMatch(/^account,cycle,/);
    expect((await cli('statement', 'acme', '--cycle', '1', '--format', 'html')).stdout).toMatch(/<\/html>\n$/);
    const { engines } = await folder.open();
    const { url, username, password } = engines.clickhouse;
    const stray = `INSERT INTO flowly.ledger_entries (account_id, kind, cycle, monthly_delta, monthly_after, sequence, committed_at)
      VALUES ('acme', 'grant', 1, 1, 1, 1, now())`;
    const headers = { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password };
    expect((await fetch(url, { method: 'POST', headers, body: stray })).ok).toBe(true);
    const wrong = await cli('statement', 'acme', '--cycle', '1', '--format', 'csv');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('flowly-credits: The sums do not add up: ');
  });

  test.each([
    [['--cycle', '1', '--format', 'pdf'], '--format is "pdf", but must be one of text, csv, html.'],
    [['--cycle', '1', '--format', 'csv', '--json'], '--json and --format were given, but must be one or the other.'],
    [['--cycle', '-1'], '--cycle is "-1", but must be an integer from 0 to 1000000.'],
    [[], "required option '--cycle <N>' not specified."],
  ])('%j is bad usage', async (argv, line) => {
    expect(await cli('statement', 'acme', ...argv)).toEqual({
      code: 2,
      stdout: '',
      stderr: `flowly-credits: ${line}\n`,
    });
  });
});
