/** The demo: balanced, told in 80 columns, on engines of its own whatever the settings say, and it leaves nothing behind. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { CAST } from '../../cli/demo/cast.ts';
import { differingMoments, differingUsage } from '../../cli/demo/differences.ts';
import { ExpectedBooks } from '../../cli/demo/expected.ts';
import { CALLS_A_DAY, DAYS_MS, makeActs } from '../../cli/demo/sample.ts';
import { loadPriceBook } from '../../schema/price-book.ts';
import { run } from './run.ts';

const mailFolder = mkdtempSync(join(tmpdir(), 'flowly-test-mails-'));
afterAll(() => rmSync(mailFolder, { recursive: true }));

const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('flowly-demo-'));

const ELSEWHERE = {
  REDIS_URL: 'redis://127.0.0.1:1',
  CLICKHOUSE_URL: 'http://127.0.0.1:1',
  FLOWLY_DATA_DIR: '/dev/null/none',
};

describe('demo', () => {
  test('--json: every part of the story happened, and the books balance', async () => {
    const before = folders();
    const { code, stdout } = await run(['demo', '--json', '--mails', mailFolder], ELSEWHERE);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      balanced: true,
      reconcile: { accounts: 3, events: 3 * CALLS_A_DAY, drift: '0', mismatches: [] },
      differences: [],
      explained: { accountId: 'birch', outcome: 'accepted' },
    });
    const acts = Object.fromEntries(report.acts.map((one: { act: string }) => [one.act, one]));
    expect(acts['day 1']).toMatchObject({ deadLetters: 1, gate: { 'acme-bot': 'daily-limit', 'cedar-lab': 'allow' } });
    expect(acts['day 1'].parked).toBeGreaterThan(0);
    expect(acts.late.parked).toBe(0);
    expect(acts.bought).toMatchObject({
      gate: { 'acme-bot': 'allow' },
      balances: { birch: { bonus: '700', cycle: 2 } },
    });
    expect(acts['day 2']).toMatchObject({ gate: { 'birch-web': 'depleted' } });
    expect(Number(acts['day 2'].balances.birch.uncovered)).toBeGreaterThan(0);
    expect(acts['new month'].balances).toMatchObject({
      acme: { monthly: '5000', cycle: 3 },
      birch: { monthly: '2000', uncovered: '0', cycle: 3 },
      cedar: { monthly: '1500', bonus: '300', cycle: 3 },
    });
    expect(acts.again).toMatchObject({ ...acts['day 3'], act: 'again', duplicates: expect.any(Number) });
    const { monthly, bonus } = report.explained.charge.split;
    expect([monthly, bonus]).not.toContain('0');
    const kinds = report.mails.map(
      ({ accountId, kind }: { accountId: string; kind: string }) => `${accountId} ${kind}`,
    );
    expect(kinds).toEqual(
      expect.arrayContaining(['acme limit-reached', 'birch receipt', 'birch low-credits', 'birch depleted']),
    );
    expect(kinds).toEqual(expect.arrayContaining(['acme', 'birch', 'cedar'].map((id) => `${id} monthly-reset`)));
    const said = report.mails.map(
      ({ at, accountId, subject }: Record<string, string>) => `${at} ${accountId} ${subject}`,
    );
    expect(new Set(said).size).toBe(said.length);
    const reset = report.mails.find(({ kind }: { kind: string }) => kind === 'monthly-reset');
    expect(reset.text).toContain('claude-'); // who used what, from the history
    for (const file of report.files) expect(readFileSync(file, 'utf8').length).toBeGreaterThan(100);
    expect(code).toBe(0);
    expect(folders()).toEqual(before);
  });

  test('for people: in 80 columns, without colours where nobody sees them', async () => {
    const { code, stdout } = await run(['demo', '--mails', mailFolder], ELSEWHERE);
    expect(code).toBe(0);
    expect(stdout).not.toContain('\u001b');
    expect(stdout.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
    expect(stdout).toMatch(/^ +Yes\. .*: drift 0\.$/m);
    expect(stdout.trimEnd()).toMatch(/\n +As files to open: .*index\.html$/);
  });
});

test('a difference is told, whatever differs', async () => {
  const book = await loadPriceBook();
  const expected = new ExpectedBooks(book);
  const moments = makeActs().map((act) => expected.play(act));
  const [first, last] = [moments[0]!, moments.at(-1)!];
  expect(differingMoments('again', last, last)).toEqual([]);
  const { acme } = last.balances;
  const wrong = {
    ...last,
    accepted: 1,
    balances: { ...last.balances, acme: { ...acme!, monthly: '1' } },
    gate: { ...last.gate, 'acme-web': 'closed' },
  };
  expect(differingMoments('again', last, wrong)).toEqual([
    `again: accepted is 1, but must be ${last.accepted}.`,
    `again: balances acme monthly is "1", but must be "${acme!.monthly}".`,
    'again: gate acme-web is "closed", but must be "allow".',
  ]);
  expect(differingMoments('told', first, { ...first, balances: {} })).toHaveLength(2);
  expect(differingUsage(expected.usage, [])).toHaveLength(expected.usage.size);
});

test('no midnight of any account lies within a day’s calls', () => {
  const calls = makeActs().flatMap(({ name, events }) => (name.startsWith('day') ? events : []));
  for (const { timeZone } of CAST) {
    const localDays = new Set(
      calls.map(({ occurredAt }) => new Date(occurredAt).toLocaleDateString('en-CA', { timeZone })),
    );
    expect(localDays.size).toBe(DAYS_MS.length);
  }
});
