/** `explain`: one event of every fate, as JSON and as a page; a late one; the arithmetic of its cost. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ChargeRow, chargeShape, formatBillionths } from '../../cli/explain/charge.ts';
import { explainPage } from '../../cli/explain/page.ts';
import { type ExplainShape, explainEvent } from '../../cli/explain/read.ts';
import { recordPriceVersions } from '../../schema/price-versions.ts';
import { BOOK, event, START_MS, upsert } from '../ledger/samples.ts';
import { call, makeTestFolder, upsert as upsertLine } from './data.ts';
import { openHistoryWorld } from './history-world.ts';
import { run } from './run.ts';

describe('the command', () => {
  const folder = makeTestFolder();
  const cli = (...argv: string[]) => run(argv, folder.env);
  const explain = async (id: string, account = 'acme'): Promise<ExplainShape> => {
    const { code, stdout, stderr } = await cli('explain', id, '--account', account, '--json');
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as ExplainShape;
  };
  const page = async (id: string, account = 'acme'): Promise<string> =>
    (await cli('explain', id, '--account', account)).stdout;
  const at = Date.now() - 60_000;

  beforeAll(async () => {
    const file = folder.file('fates.ndjson', [
      upsertLine('acme', 2),
      { type: 'credits.purchase', id: 'buy', accountId: 'acme', credits: '0.5' },
      call('paid', 'acme', {
        occurredAt: at,
        model: 'claude-sonnet-4.5',
        tokens: { input: 333, output: 100, cacheRead: 7 },
        attributes: { team: 'a' },
      }),
      call('own', 'acme', { occurredAt: at, keySource: 'byok' }),
      call('rest', 'acme', { occurredAt: at, tokens: { input: 3_000 } }),
      call('paid', 'acme', { occurredAt: at, tokens: { input: 1 } }),
      call('bad', 'acme', { occurredAt: at, tokens: { input: -1 } }),
      call('new-model', 'acme', { occurredAt: at, model: 'not-for-sale' }),
      call('early', 'later', { occurredAt: at }),
    ]);
    expect((await cli('ingest', file)).code).toBe(0);
    expect((await cli('drain', '--timeout', '300')).code).toBe(0);
  });
  afterAll(() => folder.remove());

  test('accepted: every step of the cost, and who paid', async () => {
    const shape = await explain('paid');
    expect(shape).toEqual({
      ...{ accountId: 'acme', eventId: 'paid', outcome: 'accepted', parked: null, voids: [] },
      charge: {
        ...{ serverId: 'acme-srv', model: 'claude-sonnet-4.5', modelSent: 'claude-sonnet-4.5', keySource: 'platform' },
        occurredAt: new Date(at).toISOString(),
        localDay: new Date(at).toISOString().slice(0, 10),
        ...{ cycle: 1, payingCycle: 1, attributes: { team: 'a' }, priceVersion: '2026-11-01' },
        pools: [
          { pool: 'input', tokens: 333, creditsPer1000: '3', credits: '0.999' },
          { pool: 'output', tokens: 100, creditsPer1000: '15', credits: '1.5' },
          { pool: 'cacheRead', tokens: 7, creditsPer1000: '0.3', credits: '0.0021' },
          { pool: 'cacheWrite', tokens: 0, creditsPer1000: '3.75', credits: '0' },
        ],
        ...{ exactCredits: '2.5011', credits: '2.5011' },
        split: { previousCycle: '0', monthly: '2', bonus: '0.5', uncovered: '0.0011' },
        before: { monthly: '2', bonus: '0.5' },
        after: { monthly: '0', bonus: '0' },
        sequence: expect.any(Number),
        position: expect.any(Number),
        committedAt: expect.stringMatching(/Z$/),
        block: expect.any(Number),
        alerts: [
          { alertId: 'low', kind: 'percent', percent: 20, threshold: '0.4' },
          { alertId: 'depleted', kind: 'absolute', credits: '0', threshold: '0' },
        ].map((alert) => ({
          ...{
            ...alert,
            builtIn: true,
            state: 'fired',
            at: expect.stringMatching(/Z$/),
            remaining: '0',
            silent: false,
          },
          intentId: 'acme:mail:2',
        })),
        mails: [{ intentId: 'acme:mail:2', kind: 'depleted', about: 'built-in:depleted' }],
      },
      deadLetters: [expect.objectContaining({ reason: 'conflict', field: 'id' })],
    });
    const text = await page('paid');
    expect(text).toContain('Event paid of acme was accepted and cost 2.5011 credits.');
    expect(text).toContain('input                333 tokens × 3 per 1,000 = 0.999');
    expect(text).toContain('2.5011 credits (exact)');
    expect(text).toContain('monthly    2  (2 → 0)');
    expect(text).toContain('uncovered  0.0011');
    expect(text).toContain('alert low (built in) fired at 0.4, with 0 left: mail acme:mail:2');
    expect(text).toMatch(/Dead letters of this id:\n.*conflict \(id\): This id was used/);
  });

  test('an own key costs nothing', async () => {
    const { charge } = await explain('own');
    expect(charge).toMatchObject({ keySource: 'byok', credits: '0', exactCredits: '1', alerts: [], mails: [] });
    expect(await page('own')).toContain('with the user’s own key: 0 credits');
  });

  test.each([
    ['new-model', 'acme', 'unknown-model', 'no price version knows its model yet'],
    ['early', 'later', 'unknown-account', 'its account is not known yet'],
  ])('parked: %s', async (id, account, reason, words) => {
    expect(await explain(id, account)).toEqual({
      ...{ accountId: account, eventId: id, outcome: 'parked', charge: null, deadLetters: [], voids: [] },
      parked: { reason, at: expect.any(String), releasedAt: null },
    });
    expect(await page(id, account)).toContain(`Event ${id} of ${account} is parked: ${words}.`);
  });

  test('parked and then charged', async () => {
    const file = folder.file('later.ndjson', [upsertLine('later', 5)]);
    await cli('ingest', file);
    await cli('drain', '--timeout', '300');
    const shape = await explain('early', 'later');
    expect(shape).toMatchObject({ outcome: 'accepted', charge: { credits: '1' } });
    expect(shape.parked?.releasedAt).toEqual(expect.any(String));
  });

  test('dead: all its letters, with the field', async () => {
    const shape = await explain('bad');
    expect(shape).toMatchObject({ outcome: 'dead-letter', charge: null, parked: null });
    expect(shape.deadLetters).toEqual([expect.objectContaining({ reason: 'invalid', field: 'tokens.input' })]);
    expect(await page('bad')).toContain('Event bad of acme is a dead letter (invalid) and was not charged.');
  });

  test('not known, of an account that is and of one that is not', async () => {
    for (const account of ['acme', 'nobody']) {
      expect(await explain('nothing', account)).toMatchObject({ outcome: 'unknown', charge: null, deadLetters: [] });
      expect(await page('nothing', account)).toContain(`Event nothing of ${account} is not known`);
    }
  });

  test('an event that has no account is bad usage', async () => {
    expect(await cli('explain', 'e')).toMatchObject({
      code: 2,
      stderr: "flowly-credits: required option '--account <ID>' not specified.\n",
    });
  });
});

test('a late event: paid by the cycle before, then by this one', async () => {
  const world = await openHistoryWorld(BOOK, START_MS);
  await recordPriceVersions(world.client, BOOK);
  const started = Date.parse('2026-02-01T00:00:00Z');
  await world.real.command(upsert({ monthly: 1_000 }), START_MS);
  await world.real.setClock(started + 1_000);
  const late = event({ id: 'late', tokens: 1_700, occurredAt: started - 1_000 });
  await world.real.events([{ event: late, queuedAt: started }]);
  await world.flush();
  const shape = await explainEvent(world.reader, 'a', 'late');
  expect(shape.charge).toMatchObject({
    ...{ cycle: 1, payingCycle: 2, localDay: '2026-01-31', credits: '0.0017' },
    split: { previousCycle: '0.001', monthly: '0.0007', bonus: '0', uncovered: '0' },
    before: { monthly: '0.001', bonus: '0' },
    after: { monthly: '0.0003', bonus: '0' },
  });
  const page = explainPage(shape, 'UTC');
  expect(page).toContain('monthly credits of cycle 1, which had expired: 0.001');
  expect(page).toContain('It came late, when cycle 2 was running');
});

describe('the arithmetic', () => {
  const row = (tokens: number, cost: string) =>
    ({
      ...{ attributes: {}, input_tokens: tokens, output_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0, cost },
      ...{ from_previous: '0', from_monthly: cost, from_bonus: '0', uncovered: '0', monthly_after: '0' },
      ...{ bonus_after: '0', occurred_at: '0', committed_at: '0' },
    }) as unknown as ChargeRow;
  const rates = { input: '0.000001', output: '0', cacheRead: '0', cacheWrite: '0' };

  test('what is rounded up is shown exactly', () => {
    expect(chargeShape(row(1, '1'), rates)).toMatchObject({ exactCredits: '0.000000001', credits: '0.000001' });
    expect(chargeShape(row(2 ** 31 - 1, '2147484'), rates)).toMatchObject({
      exactCredits: '2.147483647',
      credits: '2.147484',
    });
  });

  test('a version that is not recorded leaves the rates open', () => {
    expect(chargeShape(row(1, '1'), undefined)).toMatchObject({
      exactCredits: null,
      credits: '0.000001',
      pools: [{ creditsPer1000: null, credits: null }, {}, {}, {}],
    });
  });

  test.each([
    [0n, '0'],
    [1n, '0.000000001'],
    [1_000_000_000n, '1'],
    [1_500_000_000n, '1.5'],
  ])('%s billionths', (value, text) => expect(formatBillionths(value)).toBe(text));
});
