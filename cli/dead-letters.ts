/** Reading dead letters from ClickHouse: the SELECT, its parameters, and a row as the command prints it. */
import type { ClickHouseClient } from '@clickhouse/client';
import type { DeadLetterReason } from '../ledger/dead-letters.ts';
import { isoTime } from './terminal/format.ts';

/** Every reason there is; the type asserts that none is forgotten. */
export const EVERY_REASON = Object.keys({
  invalid: true,
  conflict: true,
  'too-late': true,
  future: true,
  'too-large': true,
  internal: true,
  'unknown-account': true,
  'unknown-model': true,
  unflushable: true,
} satisfies Record<DeadLetterReason, true>) as DeadLetterReason[];

export interface DeadLetterRow {
  /** Hex of its idempotency key. */
  readonly key: string;
  readonly kind: string;
  readonly reason: DeadLetterReason;
  /** '' where it could not be read. */
  readonly accountId: string;
  readonly id: string;
  readonly field: string;
  readonly detail: string;
  /** What was sent, as JSON text, cut to 64 KiB. */
  readonly body: string;
  readonly queuedAt: string;
  /** When it was set aside. */
  readonly at: string;
  /** When it was applied after all. */
  readonly redrivenAt: string | null;
}

const COLUMNS =
  'key, kind, reason, account_id, id, field, detail, body, toString(toUnixTimestamp64Milli(queued_at)), ' +
  'toString(toUnixTimestamp64Milli(committed_at)), toString(toUnixTimestamp64Milli(redriven.at))';

/** Newest first. */
export async function* readDeadLetters(
  clickhouse: ClickHouseClient,
  { reason, accountId, limit }: { reason: DeadLetterReason | undefined; accountId: string | undefined; limit: number },
): AsyncGenerator<DeadLetterRow> {
  const where = [
    ...(reason === undefined ? [] : ['reason = {reason:String}']),
    ...(accountId === undefined ? [] : ['account_id = {account:String}']),
  ];
  const query = `
    SELECT ${COLUMNS} FROM dead_letters
    LEFT JOIN (SELECT key, min(committed_at) AS at FROM redriven_letters GROUP BY key) AS redriven USING (key)
    ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`}
    ORDER BY dead_letters.committed_at DESC, dead_letters.sequence DESC, key LIMIT {limit:UInt32}`;
  const query_params = {
    limit,
    ...(reason === undefined ? {} : { reason }),
    ...(accountId === undefined ? {} : { account: accountId }),
  };
  const result = await clickhouse.query({ query, query_params, format: 'JSONCompactEachRow' });
  for await (const rows of result.stream<string[]>()) for (const row of rows) yield toRow(row.json());
}

function toRow(values: readonly string[]): DeadLetterRow {
  const [key, kind, reason, accountId, id, field, detail, body, queuedAt, at, redrivenAt] = values as [
    string,
    string,
    DeadLetterReason,
    ...string[],
  ];
  return {
    ...{ key, kind, reason, accountId: accountId!, id: id!, field: field!, detail: detail!, body: body! },
    queuedAt: isoTime(Number(queuedAt)),
    at: isoTime(Number(at)),
    // ClickHouse joins nothing as 1970.
    redrivenAt: Number(redrivenAt) === 0 ? null : isoTime(Number(redrivenAt)),
  };
}
