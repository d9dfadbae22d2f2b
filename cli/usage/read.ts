/** Asks ClickHouse what was used, and hands the rows on as they come. */
import type { ClickHouseClient } from '@clickhouse/client';
import { DAY_MS } from '../../core/limits.ts';
import { type Offset, offsetsBetween } from './offsets.ts';
import { spanQuery, type UsageQuestion, usageQuery } from './query.ts';
import { toRow, type UsageRow } from './rows.ts';

/** Rows that land between the two queries are at most this old (a year of ACCEPT_DAYS and some) or ahead. */
const LATE_MS_MAX = 400 * DAY_MS;
const AHEAD_MS_MAX = DAY_MS;

/** The rows of the answer, in order. `nowMs` only widens the span in which the zone's clock changes are looked up. */
export async function* readUsage(
  clickhouse: ClickHouseClient,
  question: UsageQuestion,
  nowMs: number,
): AsyncGenerator<UsageRow> {
  const offsets = question.bucket === undefined ? [] : await offsetsOf(clickhouse, question, nowMs);
  const { query, params } = usageQuery(question, offsets);
  const result = await clickhouse.query({ query, query_params: params, format: 'JSONCompactEachRow' });
  for await (const rows of result.stream<(string | number)[]>()) {
    for (const row of rows) yield toRow(question, row.json());
  }
}

async function offsetsOf(clickhouse: ClickHouseClient, question: UsageQuestion, nowMs: number): Promise<Offset[]> {
  const { query, params } = spanQuery(question);
  const result = await clickhouse.query({ query, query_params: params, format: 'JSONCompactEachRow' });
  const [[first, last] = ['0', '0']] = await result.json<[string, string]>();
  const fromMs = Number(last) === 0 ? nowMs : Number(first);
  return offsetsBetween(
    question.timeZone,
    Math.min(fromMs, nowMs - LATE_MS_MAX),
    Math.max(Number(last), nowMs) + AHEAD_MS_MAX,
  );
}
