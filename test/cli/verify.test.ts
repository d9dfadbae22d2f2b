/** `ledger --verify`: every way of changing what was written is noticed, and the first place that does not hold named. */
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readLedger } from '../../cli/ledger/read.ts';
import { type Broken, cutOff, verifyChain } from '../../cli/ledger/verify.ts';
import { BOOK, event, purchase, refund, START_MS, upsert } from '../ledger/samples.ts';
import { call, makeTestFolder, upsert as upsertLine } from './data.ts';
import { type HistoryWorld, openHistoryWorld } from './history-world.ts';
import { run } from './run.ts';

describe('what was changed', () => {
  let world: HistoryWorld;

  beforeEach(async () => {
    world = await openHistoryWorld(BOOK, START_MS);
    const { real } = world;
    const charge = async (n: number): Promise<void> => {
      const events = [1, 2, 3].map((i) =>
        event({ id: `e-${n}-${i}`, tokens: 100 * n + i, attributes: [['n', `${n}`]] }),
      );
      await real.events(events.map((one) => ({ event: one, queuedAt: START_MS })));
      await world.flush();
    };
    await real.command(upsert({ monthly: 1_000 }), START_MS);
    await real.command(upsert({ accountId: 'b' }), START_MS);
    await charge(1);
    await real.command({ ...purchase({ amount: 900 }), id: 'buy' }, START_MS);
    // Takes nothing, which Lua writes as −0.
    await real.command({ ...refund('buy', 900), id: 'back' }, START_MS);
    await real.command(refund('buy', 1), START_MS);
    await charge(2);
    await charge(3);
  });

  const verify = async (account = 'a') => {
    const block = Number(await world.redis.hget(world.real.context.keys.meta, 'block'));
    return verifyChain(world.reader, account, block);
  };
  const change = (query: string) => world.client.command({ query, clickhouse_settings: { mutations_sync: '1' } });

  test('nothing: the chain holds', async () => {
    expect(await verify()).toEqual({
      ...{ accountId: 'a', intact: true, entries: 4, usageRows: 9, block: 3, broken: null },
      head: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await verify('b')).toMatchObject({ intact: true, entries: 1, usageRows: 0 });
    expect(await verify('nobody')).toMatchObject({ intact: true, entries: 0, usageRows: 0 });
  });

  // Block 1 has the grant and e-1-…, block 2 purchase, refunds and e-2-…, block 3 e-3-….
  const OF_A = "account_id = 'a'";
  test.each<[string, string, Partial<Broken>, string]>([
    [
      'an amount of an entry',
      `ALTER TABLE ledger_entries UPDATE bonus_delta = 901 WHERE ${OF_A} AND ref = 'buy' AND kind = 'purchase'`,
      { block: 2, kind: 'entry' },
      '(purchase) was changed in ledger_entries',
    ],
    [
      'a note',
      `ALTER TABLE ledger_entries UPDATE note = 'x' WHERE ${OF_A} AND ref = 'back'`,
      { block: 2, kind: 'entry' },
      '(refund) was changed in ledger_entries',
    ],
    [
      'an entry removed',
      `ALTER TABLE ledger_entries DELETE WHERE ${OF_A} AND ref = 'back'`,
      { block: 2, kind: 'entry' },
      'is missing from ledger_entries',
    ],
    [
      'the first entry removed',
      `ALTER TABLE ledger_entries DELETE WHERE ${OF_A} AND kind = 'grant'`,
      { block: 1, kind: 'entry' },
      'is missing from ledger_entries',
    ],
    [
      'an entry twice',
      `INSERT INTO ledger_entries SELECT * FROM ledger_entries WHERE ${OF_A} AND ref = 'buy'`,
      { block: 2, kind: 'entry' },
      'is in no link',
    ],
    [
      'an entry added to a block',
      `INSERT INTO ledger_entries (account_id, kind, bonus_delta, sequence, block) VALUES ('a', 'purchase', 5, 2, 1)`,
      { block: 1, kind: 'entry' },
      'is in no link',
    ],
    [
      'the tokens of a call',
      `ALTER TABLE usage_events UPDATE input_tokens = 1 WHERE ${OF_A} AND event_id = 'e-2-2'`,
      { block: 2, kind: 'usage' },
      'stands for 3 rows of usage_events, and one of them was changed',
    ],
    [
      'an attribute of a call',
      `ALTER TABLE usage_events UPDATE attributes = map('n', '9') WHERE ${OF_A} AND event_id = 'e-3-1'`,
      { block: 3, kind: 'usage' },
      'one of them was changed',
    ],
    [
      'a call removed',
      `ALTER TABLE usage_events DELETE WHERE ${OF_A} AND event_id = 'e-1-1'`,
      { block: 1, kind: 'usage' },
      'stood for 3 rows of usage_events when it was written, and 2 are there',
    ],
    [
      'a call twice',
      `INSERT INTO usage_events SELECT * FROM usage_events WHERE ${OF_A} AND event_id = 'e-1-1'`,
      { block: 1, kind: 'usage' },
      'and 4 are there',
    ],
    [
      'all calls of a block moved to another account',
      `INSERT INTO usage_events SELECT * REPLACE('b' AS account_id) FROM (SELECT * FROM usage_events WHERE ${OF_A} AND block = 3)`,
      { block: 3, sequence: null },
      'Block 3 has 3 rows of usage_events in no link',
    ],
    [
      'a link removed',
      `ALTER TABLE ledger_chain DELETE WHERE ${OF_A} AND block = 2 AND place = 0`,
      { block: 2, kind: 'entry' },
      'does not follow from the link before it',
    ],
    [
      'a block of links removed, and of rows with it',
      `ALTER TABLE ledger_chain DELETE WHERE ${OF_A} AND block = 1`,
      { block: 1, kind: 'entry' },
      'is in no link',
    ],
    [
      'a link that was made to fit what was changed',
      `ALTER TABLE ledger_chain UPDATE content = unhex(repeat('00', 32)) WHERE ${OF_A} AND block = 3`,
      { block: 3, kind: 'usage' },
      'does not follow from the link before it',
    ],
  ])('%s', async (what, query, place, words) => {
    await change(query);
    const account = what.includes('another account') ? 'b' : 'a';
    const { intact, broken } = await verify(account);
    expect({ intact, broken }).toEqual({ intact: false, broken: expect.objectContaining(place) });
    expect(broken!.what).toContain(words);
  });

  test('an end that was cut off, rows, links and all, shows in the balance', async () => {
    for (const table of ['ledger_chain', 'usage_events']) await change(`ALTER TABLE ${table} DELETE WHERE block = 3`);
    expect(await verify()).toMatchObject({ intact: true, usageRows: 6 });
    const account = (await world.real.account('a'))!;
    const lines = readLedger(world.reader, { accountId: 'a', upTo: account.sequence });
    expect(await cutOff(lines, account)).toMatchObject({
      kind: 'balance',
      what: expect.stringMatching(
        /^The ledger ends with 0\.000088 monthly and 0 bonus credits, and the account has 0 and 0:/,
      ),
    });
  });
});

describe('the command', () => {
  const folder = makeTestFolder();
  const cli = (...argv: string[]) => run(argv, folder.env);
  afterAll(() => folder.remove());

  test('says what holds, fails on what does not, and takes no part of a ledger', async () => {
    const file = folder.file('a.ndjson', [upsertLine('acme', 100), call('e-1', 'acme'), call('e-2', 'acme')]);
    expect((await cli('ingest', file)).code).toBe(0);
    const good = await cli('ledger', 'acme', '--verify');
    expect(good.code).toBe(0);
    expect(good.stdout).toMatch(
      /^The ledger of acme is as it was written: 1 entry and 2 rows of usage, up to block \d+\.\nIts chain ends with [0-9a-f]{64}\.\n$/,
    );
    const { engines } = await folder.open();
    const { url, username, password } = engines.clickhouse;
    const body = "ALTER TABLE flowly.usage_events UPDATE cost = 2 WHERE event_id = 'e-2' SETTINGS mutations_sync = 1";
    const headers = { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password };
    expect((await fetch(url, { method: 'POST', headers, body })).ok).toBe(true);
    const bad = await cli('ledger', 'acme', '--verify', '--json');
    expect({ code: bad.code, report: JSON.parse(bad.stdout) }).toMatchObject({
      code: 1,
      report: { intact: false, broken: { kind: 'usage', what: expect.stringContaining('one of them was changed') } },
    });
    expect((await cli('ledger', 'acme', '--verify')).stdout).toContain('is not as it was written');
    expect(await cli('ledger', 'acme', '--verify', '--cycle', '1')).toEqual({
      ...{ code: 2, stdout: '' },
      stderr: 'flowly-credits: --verify checks the whole ledger, and takes no flag that chooses a part of it.\n',
    });
  });
});
