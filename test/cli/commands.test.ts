/** Whole commands, one after the other, on engines of their own and without a service: ingest to reconcile. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { STATE_NAMES } from '../../ledger/account.ts';
import { call, makeTestFolder, upsert } from './data.ts';
import { run } from './run.ts';

const folder = makeTestFolder();
const cli = (...argv: string[]) => run(argv, folder.env);
const json = async (...argv: string[]): Promise<unknown> => {
  const { code, stdout, stderr } = await cli(...argv, '--json');
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout);
};

const own = call('e-own', 'acme', { keySource: 'byok' });
const at = Date.now() - 60_000;
const file = folder.file('events.ndjson', [
  `\ufeff${JSON.stringify(upsert('acme', 100))}\r`,
  '',
  ...Array.from({ length: 3 }, (_, i) => call(`e-${i}`, 'acme', { occurredAt: at })),
  call('e-0', 'acme', { occurredAt: at }),
  own,
  call('e-late', 'birch', { occurredAt: at }),
  call('e-bad', 'acme', { occurredAt: at, tokens: { input: -1 } }),
  '{"email":"ada@example.com"',
  '[1]',
  // Counts only for what follows: with it a moment earlier, e-big would be covered.
  call('e-big', 'acme', { occurredAt: at, tokens: { input: 100_000 } }),
  { type: 'credits.purchase', id: 'acme-buy', accountId: 'acme', credits: '5' },
  call('e-after', 'acme', { occurredAt: at }),
  upsert('birch', 50),
  { type: 'no.such.command', id: 'x', accountId: 'acme' },
]);

const BALANCE = {
  accountId: 'acme',
  monthly: { granted: '100', remaining: '0', cycle: 1 },
  bonus: { remaining: '4' },
  uncovered: '3',
  total: '4',
  state: 'low',
};

afterAll(() => folder.remove());

describe('without a service', () => {
  test('a first look finds nothing, and says so', async () => {
    expect(await json('balance', '--all')).toEqual([]);
    expect(await json('usage')).toEqual([]);
    expect(await json('dead-letters', 'list')).toEqual([]);
    expect(await json('reconcile')).toEqual({ accounts: 0, events: 0, sequence: 0, drift: '0', mismatches: [] });
    expect((await cli('balance', '--all')).stdout).toBe('No account is known yet.\n');
  });

  test('ingest queues what it can and names the rest', async () => {
    const { code, stdout, stderr } = await cli('ingest', file, '--json');
    expect(stdout).toBe('{"events":9,"commands":4,"jobs":6,"invalid":2}\n');
    expect(stderr.split('\n').filter((line) => line !== '')).toEqual([
      'flowly-credits: line 10 is not JSON (column 27); accepted is one JSON object a line.',
      'flowly-credits: line 11 is a list, but must be a JSON object.',
    ]);
    expect(code).toBe(1);
  });

  test('drain: everything applied and in ClickHouse', async () => {
    expect(await json('drain', '--timeout', '300')).toEqual({
      queued: 0,
      failed: 0,
      unflushed: 0,
      parked: 0,
      deadLetters: 2,
    });
  });

  test('balance: the contract’s shape, one and all', async () => {
    const one = (await json('balance', 'acme')) as { asOf: string };
    expect(one).toMatchObject(BALANCE);
    expect(Object.keys(one)).toEqual(['accountId', 'asOf', 'monthly', 'bonus', 'uncovered', 'total', 'state']);
    expect(one.asOf).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const all = (await json('balance', '--all')) as { accountId: string }[];
    expect(all.map(({ accountId }) => accountId)).toEqual(['acme', 'birch']);
    expect(all[0]).toMatchObject(BALANCE);
    const { stdout } = await cli('balance', '--all');
    expect(stdout).toMatch(/^acme +low +0 +100 +░+ +4 +4 +3 +1 /m);
  });

  test('an account that is not known is an error', async () => {
    for (const argv of [
      ['balance', 'nobody'],
      ['usage', '--account', 'nobody'],
    ]) {
      expect(await cli(...argv)).toEqual({
        code: 1,
        stdout: '',
        stderr: 'flowly-credits: Account nobody is not known: no account.upsert for it has been applied.\n',
      });
    }
  });

  test('usage: what was called, by any key', async () => {
    expect(await json('usage', '--by', 'account,keySource', '--bucket', 'month')).toEqual([
      expect.objectContaining({
        accountId: 'acme',
        keySource: 'platform',
        events: 5,
        inputTokens: 104_000,
        credits: '104',
        monthlyCredits: '100',
        bonusCredits: '1',
        uncoveredCredits: '3',
      }),
      expect.objectContaining({ accountId: 'acme', keySource: 'byok', events: 1, inputTokens: 1_000, credits: '0' }),
      expect.objectContaining({
        accountId: 'birch',
        keySource: 'platform',
        events: 1,
        credits: '1',
        monthlyCredits: '1',
      }),
    ]);
    const day = new Date(at).toISOString().slice(0, 10);
    expect(await json('usage', '--account', 'birch', '--by', 'server,cycle', '--bucket', 'day')).toEqual([
      expect.objectContaining({ serverId: 'birch-srv', cycle: 1, bucket: day, events: 1 }),
    ]);
    expect((await cli('usage', '--by', 'server')).stdout).toMatch(/^birch-srv +1 +1,000 +1 +▏ +1 +0 +0$/m);
  });

  test('dead letters: newest first, filtered, bodies whole', async () => {
    const letters = (await json('dead-letters', 'list')) as {
      reason: string;
      id: string;
      kind: string;
      body: string;
    }[];
    expect(letters.map(({ kind, id, reason }) => [kind, id, reason])).toEqual([
      ['command', 'x', 'invalid'],
      ['event', 'e-bad', 'invalid'],
    ]);
    expect(JSON.parse(letters[1]!.body)).toMatchObject({ tokens: { input: -1 } });
    expect(await json('dead-letters', 'list', '--reason', 'conflict')).toEqual([]);
    expect(await json('dead-letters', 'list', '--account', 'acme', '--limit', '1')).toHaveLength(1);
    expect((await cli('dead-letters', 'list')).stdout).toContain('tokens.input');
  });

  test('the same file again changes nothing', async () => {
    await cli('ingest', file);
    expect(await json('drain')).toEqual({ queued: 0, failed: 0, unflushed: 0, parked: 0, deadLetters: 2 });
    expect(await json('balance', 'acme')).toMatchObject(BALANCE);
  });

  test('the books balance', async () => {
    expect(await json('reconcile')).toEqual({
      accounts: 2,
      events: 7,
      sequence: expect.any(Number),
      drift: '0',
      mismatches: [],
    });
    expect((await cli('reconcile')).stdout).toMatch(
      /^The books balance: 2 accounts, 7 accepted events, as of sequence \d+\. Drift 0\.\n$/,
    );
  });

  test('a file that cannot be read costs nothing', async () => {
    expect(await cli('ingest', `${folder.path}/none`)).toEqual({
      code: 1,
      stdout: '',
      stderr: `flowly-credits: ${folder.path}/none cannot be read: there is no such file.\n`,
    });
    expect((await cli('ingest', folder.path)).stderr).toContain('it is a folder');
  });
});

describe('reconcile finds', () => {
  const drift = async (): Promise<{ code: number; report: { drift: string; mismatches: object[] } }> => {
    const { code, stdout } = await cli('reconcile', '--json');
    return { code, report: JSON.parse(stdout) };
  };

  test('a balance, a count and a total that Redis has wrong', async () => {
    const { redis, keys } = await folder.open();
    const change = async (accountId: string, name: (typeof STATE_NAMES)[number], by: number): Promise<void> => {
      const state = (await redis.hgetBuffer(keys.account(accountId), 'state'))!;
      const place = STATE_NAMES.indexOf(name) * 8;
      state.writeDoubleLE(state.readDoubleLE(place) + by, place);
      await redis.hset(keys.account(accountId), 'state', state);
    };
    await change('birch', 'monthly', 1);
    await change('acme', 'cost', -2_000_000);
    await redis.hincrby(keys.meta, 'accepted', 1);
    expect(await drift()).toMatchObject({
      code: 1,
      report: {
        drift: '2.000001',
        mismatches: [
          { account: '*', what: 'accepted', expected: '8', found: '7' },
          { account: 'acme', what: 'cost', expected: '102', found: '104' },
          { account: 'birch', what: 'monthly', expected: '49.000001', found: '49' },
        ],
      },
    });
    const { code, stdout } = await cli('reconcile');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^birch +monthly +49\.000001 +49$/m);
    await change('birch', 'monthly', -1);
    await change('acme', 'cost', 2_000_000);
    await redis.hincrby(keys.meta, 'accepted', -1);
  });

  test('a rollup that ClickHouse has wrong, and an account that Redis does not know', async () => {
    const { engines } = await folder.open();
    const { url, username, password } = engines.clickhouse;
    const query = `INSERT INTO flowly.usage_days (account_id, cycle, local_day, server_id, model, key_source, events, cost)
      VALUES ('acme', 1, '2026-11-01', 's', 'm', 'platform', 1, 500000)`;
    const stray = `INSERT INTO flowly.ledger_entries (account_id, kind, monthly_delta) VALUES ('ghost', 'grant', 1)`;
    for (const body of [query, stray]) {
      const headers = { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password };
      const answer = await fetch(url, { method: 'POST', headers, body });
      if (!answer.ok) throw new Error(await answer.text());
    }
    expect(await drift()).toMatchObject({
      code: 1,
      report: {
        drift: '0.5',
        mismatches: [
          { account: 'acme', what: 'usage_days.events', expected: '6', found: '7' },
          { account: 'acme', what: 'usage_days.cost', expected: '104', found: '104.5' },
          { account: 'ghost', what: 'account', expected: 'in Redis', found: 'in ClickHouse only' },
        ],
      },
    });
  });
});
