/** Who used what, as a mail tells it: read from the rollups of a real ClickHouse, once a batch, and never in its way. */
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { expect, test } from '@jest/globals';
import { loadPriceBook } from '../../schema/price-book.ts';
import { askOf, breakdowns } from '../../workers/notify/breakdown.ts';
import type { Snapshot } from '../../workers/notify/snapshot.ts';
import { migratedDatabase } from '../support/engines.ts';

const log = { info: () => undefined, warn: (...x: unknown[]) => console.log(x), error: () => undefined };
const START = Date.parse('2026-11-01T00:00:00Z');
const MONDAY = Date.parse('2026-11-02T00:00:00Z') / 86_400_000;

const snapshot = (some: Partial<Snapshot> = {}): Snapshot => ({
  ...{ at: START + 86_400_000 * 9, monthly: 0, bonus: 0, granted: 0, plan: 0, uncovered: 0, cycle: 3 },
  ...{ start: START, stop: START + 86_400_000 * 30, days: 0, spent: -1 },
  ...some,
});

interface Row {
  readonly account_id: string;
  readonly cycle: number;
  readonly local_day: string;
  readonly server_id: string;
  readonly model: string;
  readonly cost: number;
  readonly [column: string]: unknown;
}
const row = (some: Partial<Row> = {}): Row => ({
  ...{ account_id: 'a', cycle: 3, local_day: '2026-11-03', server_id: 'web', model: 'claude-sonnet-4.5' },
  ...{ key_source: 'platform', events: 1, input_tokens: 1_000, output_tokens: 0, cost: 3_000_000 },
  ...some,
});

async function open(rows: readonly Row[], timeoutMs = 30_000) {
  const { client } = await migratedDatabase();
  await client.insert({ table: 'usage_days', values: rows, format: 'JSONEachRow' });
  return breakdowns({ clickhouse: client, book: await loadPriceBook(), log, timeoutMs });
}

test('the running cycle: the whole, the five largest servers and models, and what could be saved', async () => {
  const ask = await open([
    ...Array.from({ length: 7 }, (_, i) => row({ server_id: `s${i}`, cost: (i + 1) * 1_000_000, input_tokens: 1 })),
    row({ server_id: 's6', model: 'claude-haiku-4.5', cost: 500_000 }),
    row({ server_id: 'own', key_source: 'byok', cost: 0, events: 99 }),
    row({ cycle: 2, cost: 70_000_000 }),
    row({ account_id: 'b', cycle: 2, cost: 8_000_000 }),
    // A void takes its event back.
    row({ server_id: 's6', cost: 4_000_000, events: 1 }),
    row({ server_id: 's6', cost: -4_000_000, events: -1 }),
  ]);
  const [a, b, ended, nobody] = await ask([
    askOf('a', 'UTC', snapshot()),
    askOf('b', 'UTC', snapshot({ cycle: 2 })),
    askOf('a', 'UTC', snapshot({ ended: { cycle: 2, start: START - 1, granted: 0, uncovered: 0 } })),
    askOf('c', 'UTC', snapshot()),
  ]);
  expect(a!.breakdown).toMatchObject({ from: START, events: 8, credits: 28_500_000n });
  expect(a!.breakdown!.servers).toEqual(
    [7_500_000n, 6_000_000n, 5_000_000n, 4_000_000n, 3_000_000n].map((credits, i) => ({
      ...{ name: `s${6 - i}`, events: i === 0 ? 2 : 1, credits },
    })),
  );
  expect(a!.breakdown!.models.map(({ name }) => name)).toEqual(['claude-sonnet-4.5', 'claude-haiku-4.5']);
  expect(a!.breakdown!.saving).toMatchObject({ serverId: 's6', from: 'claude-sonnet-4.5', to: 'minimax-m2.1' });
  expect(b!.breakdown).toMatchObject({ events: 1, credits: 8_000_000n });
  expect(b!.breakdown!.saving).toEqual({
    ...{ serverId: 'web', from: 'claude-sonnet-4.5', to: 'minimax-m2.1' },
    ...{ label: 'Fast, Low credit usage, best for general chat', spent: 3_000_000n, saved: 2_700_000n },
    tokens: { input: 1_000, output: 0, cacheRead: 0, cacheWrite: 0 },
  });
  expect(ended!.breakdown).toMatchObject({ from: START - 1, to: START, credits: 70_000_000n });
  expect(nobody).toEqual({ breakdown: undefined, week: undefined });
});

test('a digest: each of its seven local days, the seven before together, and its own breakdown', async () => {
  const ask = await open([
    row({ local_day: '2026-11-02', cost: 1 }),
    row({ local_day: '2026-11-08', cost: 2, cycle: 4 }),
    row({ local_day: '2026-10-26', cost: 30 }),
    row({ local_day: '2026-11-01', cost: 40, server_id: 'old' }),
    row({ local_day: '2026-10-25', cost: 500 }),
    row({ local_day: '2026-11-09', cost: 600 }),
  ]);
  const [used] = await ask([askOf('a', 'Europe/Berlin', snapshot({ firstDay: MONDAY }))]);
  expect(used!.week).toEqual({ days: [1n, 0n, 0n, 0n, 0n, 0n, 2n], before: 70n });
  expect(used!.breakdown).toMatchObject({
    ...{ from: Date.parse('2026-11-01T23:00:00Z'), to: Date.parse('2026-11-08T23:00:00Z'), events: 2, credits: 3n },
    servers: [{ name: 'web', events: 2, credits: 3n }],
  });
});

test('no answer in time, or nobody there: mails go without', async () => {
  const slow = await open([], 0);
  expect(await slow([askOf('a', 'UTC', snapshot())])).toEqual([undefined]);
  const clickhouse = createClient({ url: 'http://127.0.0.1:1', log: { level: ClickHouseLogLevel.OFF } });
  const away = breakdowns({ clickhouse, book: await loadPriceBook(), log, timeoutMs: 30_000 });
  expect(await away([askOf('a', 'UTC', snapshot())])).toEqual([undefined]);
  await clickhouse.close();
});
