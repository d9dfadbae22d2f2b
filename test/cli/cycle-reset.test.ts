/** `jobs run cycle-reset` as whole commands: two processes at once grant once, and `ledger` shows what they did. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { call, makeTestFolder } from './data.ts';
import { endAll, start } from './processes.ts';
import { run } from './run.ts';

const folder = makeTestFolder();
const cli = (...argv: string[]) => run(argv, folder.env);
const json = async (...argv: string[]): Promise<unknown> => JSON.parse((await cli(...argv, '--json')).stdout);

const ACCOUNTS = ['acme', 'bolt', 'corp'];
const upsert = (accountId: string) => ({
  ...{ type: 'account.upsert', id: `${accountId}-up`, accountId, email: 'owner@example.com', timeZone: 'UTC' },
  ...{ anchor: '2026-01-31T00:00:00', plan: { id: 'p', monthlyCredits: '10' } },
});
const NOW = Date.parse('2026-02-10T12:00:00Z');
/** Three cycles of everybody have ended by then, and nobody was there: on 28 February, 31 March and 30 April. */
const LATER = Date.parse('2026-05-03T12:00:00Z');

/** The ledger's clock, which every process goes by. */
async function setClock(ms: number): Promise<void> {
  const { redis, keys } = await folder.open();
  await redis.hset(keys.meta, 'clock', String(ms));
}

beforeAll(async () => {
  expect((await cli('drain')).code).toBe(0); // the ledger is there now
  await setClock(NOW);
  const bought = { type: 'credits.purchase', id: 'bought', accountId: 'acme', credits: '5' };
  const used = call('e-1', 'acme', { occurredAt: NOW - 60_000, tokens: { input: 2_500 } });
  await cli('ingest', folder.file('in.ndjson', [...ACCOUNTS.map(upsert), bought, used]));
  expect(await json('drain')).toMatchObject({ queued: 0, unflushed: 0, deadLetters: 0 });
});

afterAll(async () => {
  endAll();
  await folder.remove();
});

test('ahead of the clock: who would be reset, and nothing is', async () => {
  const { stdout, code } = await cli('jobs', 'run', 'cycle-reset', '--at', '2026-03-01');
  expect(code).toBe(0);
  expect(stdout).toBe(
    [
      'cycle-reset as of 2026-03-01 00:00:00 UTC would do this; nothing was changed.',
      '3 account(s) would be reset.',
      '',
      'ACCOUNT  WHEN',
      ...ACCOUNTS.map((id) => `${id}     2026-02-28T00:00:00.000Z`),
      '',
    ].join('\n'),
  );
  expect(await json('balance', 'acme')).toMatchObject({ monthly: { cycle: 1, remaining: '7.5' } });
});

test('two processes at once after three missed cycles: each was granted once, with the balance after it', async () => {
  await setClock(LATER);
  const processes = [1, 2].map(() => start(['jobs', 'run', 'cycle-reset', '--json'], folder.env));
  expect(await Promise.all(processes.map(({ ended }) => ended))).toEqual([0, 0]);
  const told = processes.map(({ stdout }) => (JSON.parse(stdout()) as { summary: string }).summary);
  const numbers = told.map((text) => text.match(/\d+/g)!.map(Number));
  expect(numbers[0]!.map((n, i) => n + numbers[1]![i]!)[1]).toBe(3 * ACCOUNTS.length);
  const LINE = { uncovered: '0', uncoveredAfter: '0' };
  const cycle = (n: number, left: string, boundary: string) => [
    { ...LINE, kind: 'expiry', cycle: n, monthly: `-${left}`, monthlyAfter: '0', bonusAfter: '5' },
    { ...LINE, kind: 'grant', cycle: n + 1, monthly: '10', monthlyAfter: '10', bonusAfter: '5', note: boundary },
  ];
  const lines = (await json('ledger', 'acme')) as { kind: string }[];
  const from = lines.findIndex(({ kind }) => kind === 'expiry');
  expect(lines.slice(0, from).map(({ kind }) => kind)).toEqual(['grant', 'purchase', 'usage']);
  expect(lines.slice(from)).toMatchObject([
    ...cycle(1, '7.5', String(Date.parse('2026-02-28T00:00:00Z'))),
    ...cycle(2, '10', String(Date.parse('2026-03-31T00:00:00Z'))),
    ...cycle(3, '10', String(Date.parse('2026-04-30T00:00:00Z'))),
  ]);
  expect((await cli('ledger', 'acme', '--verify')).code).toBe(0);
  for (const id of ACCOUNTS) {
    const all = (await json('ledger', id)) as { kind: string; cycle: number }[];
    const grants = all.filter(({ kind }) => kind === 'grant').map((line) => line.cycle);
    expect(grants).toEqual([1, 2, 3, 4]);
  }
  expect((await cli('reconcile')).code).toBe(0);
});

test('in a sandbox: a job runs at the simulated clock', async () => {
  const limit = { type: 'server.limit', id: 'limit', accountId: 'acme', serverId: 'acme-srv', dailyCredits: '2' };
  const script = folder.file('script.ndjson', [
    { now: NOW },
    upsert('acme'),
    limit,
    call('e-1', 'acme', { occurredAt: NOW, tokens: { input: 2_500 } }),
    { now: Date.parse('2026-02-11T00:00:00Z') },
    { job: 'daily-limits' },
    { job: 'threshold-check' },
    { now: LATER },
    { job: 'cycle-reset' },
    { job: 'usage-digest' },
    { read: 'ledger', account: 'acme' },
  ]);
  const { stdout, code, stderr } = await run(['simulate', script]);
  expect([code, stderr]).toEqual([0, '']);
  const lines = JSON.parse(stdout.trim().split('\n').at(-1)!) as { kind: string; cycle: number }[];
  expect(lines.filter(({ kind }) => kind === 'grant').map((line) => line.cycle)).toEqual([1, 2, 3, 4]);
});
