/**
 * The question behind `usage` on the real engine: buckets of awkward time zones against Temporal, ranges that cut
 * through a quarter of an hour, voids, and every key.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import type { Bucket, UsageQuestion } from '../../cli/usage/query.ts';
import { rangeOf } from '../../cli/usage/range.ts';
import { readUsage } from '../../cli/usage/read.ts';
import type { UsageRow } from '../../cli/usage/rows.ts';
import { type FreshDatabase, migratedDatabase } from '../support/engines.ts';

/** Around clock changes of Berlin, New York (both 2026), Lord Howe (half an hour), and in zones of odd offsets. */
const NEAR = ['2026-03-29T00:00Z', '2026-10-25T00:00Z', '2026-11-01T05:00Z', '2026-04-04T14:00Z', '2026-12-31T20:00Z'];
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'America/St_Johns',
];

interface Row {
  readonly at: number;
  readonly account: string;
  readonly server: string;
  readonly byok: boolean;
  readonly cost: number;
  readonly sign: 1 | -1;
}

const NOW = Date.parse('2027-01-15T00:00Z');

/** Every 7 minutes and 13 seconds for 6 hours, around each instant. */
const ROWS: readonly Row[] = NEAR.flatMap((near, n) =>
  Array.from({ length: 50 }, (_, i) => ({
    at: Date.parse(near) - 3 * 3_600_000 + i * 433_000 + 1,
    account: n % 2 === 0 ? 'even' : 'odd',
    server: `srv-${i % 3}`,
    byok: i % 10 === 0,
    cost: i % 10 === 0 ? 0 : 1_000_000 + i,
    sign: 1 as const,
  })),
);
/** An event and its void: they come to nothing. */
const VOIDED: readonly Row[] = ([1, -1] as const).map((sign) => ({
  at: Date.parse('2026-06-01T12:00Z'),
  account: 'void',
  server: 'srv-v',
  byok: false,
  cost: 5,
  sign,
}));

let db: FreshDatabase;

beforeAll(async () => {
  db = await migratedDatabase();
  await db.client.insert({ table: 'usage_landing', format: 'JSONEachRow', values: [...ROWS, ...VOIDED].map(landing) });
});

function landing({ at, account, server, byok, cost, sign }: Row, i: number): object {
  const [monthly, bonus, uncovered] = [
    Math.floor(cost / 2),
    Math.floor(cost / 3),
    cost - Math.floor(cost / 2) - Math.floor(cost / 3),
  ];
  return {
    event_id: `e-${i}`,
    account_id: account,
    server_id: server,
    model_sent: 'm',
    model: 'm',
    key_source: byok ? 'byok' : 'platform',
    occurred_at: at,
    input_tokens: 10 * sign,
    output_tokens: 3 * sign,
    cache_read_tokens: 2 * sign,
    cache_write_tokens: sign,
    attributes: {},
    price_version: 'v',
    cost: cost * sign,
    local_day: new Date(at).toISOString().slice(0, 10),
    cycle: 2,
    position: i,
    from_previous: 0,
    from_monthly: monthly * sign,
    from_bonus: bonus * sign,
    uncovered: uncovered * sign,
    monthly_after: 0,
    bonus_after: 0,
    paying_cycle: 2,
    events: sign,
    sequence: 1,
    committed_at: at,
    block: 1,
  };
}

async function ask(question: Partial<UsageQuestion>): Promise<UsageRow[]> {
  const rows: UsageRow[] = [];
  for await (const row of readUsage(db.reader, { timeZone: 'UTC', by: [], ...question }, NOW)) rows.push(row);
  return rows;
}

/** The bucket's name by Temporal. */
function bucketOf(ms: number, timeZone: string, bucket: Bucket): string {
  const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
  if (bucket === 'month') return local.toPlainDate().toString().slice(0, 7);
  if (bucket === 'day') return local.toPlainDate().toString();
  return `${local.toPlainDateTime().toString().slice(0, 13)}:00:00${local.offset}`;
}

describe('buckets', () => {
  test.each(ZONES.flatMap((zone) => (['hour', 'day', 'month'] as const).map((bucket) => [zone, bucket] as const)))(
    '%s by %s',
    async (timeZone, bucket) => {
      const expected = new Map<string, { events: number; cost: number }>();
      for (const { at, cost } of ROWS) {
        const name = bucketOf(at, timeZone, bucket);
        const sum = expected.get(name) ?? { events: 0, cost: 0 };
        expected.set(name, { events: sum.events + 1, cost: sum.cost + cost });
      }
      const rows = await ask({ timeZone, bucket });
      const got = new Map(
        rows.map((row) => [row.bucket, { events: row.events, cost: Math.round(Number(row.credits) * 1e6) }]),
      );
      expect(got).toEqual(expected);
      const order = rows.map((row) => (bucket === 'hour' ? Date.parse(String(row.bucket)) : String(row.bucket)));
      expect(order).toEqual([...order].sort());
    },
  );
});

describe('ranges', () => {
  const inRange = (from: number, to: number): number => ROWS.filter(({ at }) => at >= from && at < to).length;
  const start = Date.parse('2026-03-28T22:00Z');

  test.each([
    ['on quarters of an hour', start, start + 3_600_000],
    ['to the millisecond', ROWS[7]!.at, ROWS[19]!.at],
    ['that end in the middle of a quarter', start, ROWS[19]!.at + 1],
  ])('%s', async (_, fromMs, toMs) => {
    const [row] = await ask({ fromMs, toMs });
    expect(row!.events).toBe(inRange(fromMs, toMs));
  });

  test('bare dates are days of the zone, the last one not included', async () => {
    const range = rangeOf({ date: '2026-03-29' }, { date: '2026-03-30' }, 'Europe/Berlin');
    expect(range).toEqual({ fromMs: Date.parse('2026-03-28T23:00Z'), toMs: Date.parse('2026-03-29T22:00Z') });
    expect((await ask(range))[0]!.events).toBe(inRange(range.fromMs!, range.toMs!));
  });

  test('a range without usage has no rows', async () => {
    expect(await ask({ fromMs: 0, toMs: 900_000 })).toEqual([]);
    expect(await ask({ fromMs: 1, toMs: 2 })).toEqual([]);
  });
});

describe('keys and filters', () => {
  test('the contract’s shape, in the order of the keys', async () => {
    const [row] = await ask({
      by: ['account', 'server', 'model', 'keySource', 'cycle'],
      bucket: 'month',
      serverId: 'srv-1',
      accountId: 'odd',
    });
    expect(Object.keys(row!)).toEqual([
      ...['accountId', 'serverId', 'model', 'keySource', 'cycle', 'bucket', 'events', 'inputTokens', 'outputTokens'],
      ...['cacheReadTokens', 'cacheWriteTokens', 'credits', 'monthlyCredits', 'bonusCredits', 'uncoveredCredits'],
    ]);
    expect(row).toMatchObject({ accountId: 'odd', serverId: 'srv-1', model: 'm', cycle: 2, bucket: '2026-04' });
  });

  test('sums are exact, and rows are sorted', async () => {
    const rows = await ask({ by: ['account', 'keySource'] });
    const keys = rows.map((row) => `${row.accountId} ${row.keySource}`);
    expect(keys).toEqual(['even platform', 'even byok', 'odd platform', 'odd byok']);
    const own = ROWS.filter((one) => one.account === 'odd' && !one.byok);
    const micros = own.reduce((sum, one) => sum + one.cost, 0);
    expect(rows[2]).toMatchObject({ events: own.length, inputTokens: own.length * 10, credits: String(micros / 1e6) });
  });

  test('raw rows and rollup give the same answer', async () => {
    const aligned = {
      fromMs: Date.parse('2026-01-01T00:00Z'),
      toMs: Date.parse('2027-06-01T00:00Z'),
      by: ['account', 'server'] as const,
      bucket: 'day' as const,
    };
    expect(await ask({ ...aligned, toMs: aligned.toMs + 1 })).toEqual(await ask(aligned));
  });

  test('an event and its void leave no row', async () => {
    expect(await ask({ accountId: 'void', by: ['account'] })).toEqual([]);
  });

  test('a name is never SQL', async () => {
    expect(await ask({ accountId: "x' OR '1'='1" })).toEqual([]);
  });
});
