/** The rows of `usage`: from ClickHouse's arrays to the contract's objects. Amounts stay integers until they are text. */
import { formatCredits } from '../../core/money.ts';
import { type Bucket, KEYS, SUMS, type UsageQuestion } from './query.ts';

/** One row as the contract prints it: the chosen keys, `bucket` where one was chosen, then counts and credits. */
export type UsageRow = Readonly<Record<string, string | number>>;

/** What the columns of one array mean; see `usageQuery`. */
export function toRow({ by, bucket }: UsageQuestion, values: readonly (string | number)[]): UsageRow {
  const row: Record<string, string | number> = {};
  const bucketCount = bucket === undefined ? 0 : bucket === 'hour' ? 2 : 1;
  for (const [i, key] of by.entries()) row[KEYS[key].field] = values[bucketCount + i]!;
  if (bucket !== undefined) row.bucket = bucketName(bucket, values.slice(0, bucketCount).map(Number));
  for (const [i, name] of SUMS.entries()) {
    const text = String(values[bucketCount + by.length + i]);
    row[name] = name.endsWith('redits') ? formatCredits(BigInt(text)) : count(text);
  }
  return row;
}

/** "2026-11", "2026-11-22", or an hour with its offset, "2026-11-22T18:00:00+01:00". */
export function bucketName(bucket: Bucket, columns: readonly number[]): string {
  const [value = 0, offsetSeconds = 0] = columns;
  if (bucket === 'month') return `${Math.floor(value / 100)}-${String(value % 100).padStart(2, '0')}`;
  if (bucket === 'day') return new Date(value * 86_400_000).toISOString().slice(0, 10);
  return new Date(value * 3_600_000).toISOString().slice(0, 19) + offsetName(offsetSeconds);
}

function offsetName(seconds: number): string {
  const minutes = Math.round(Math.abs(seconds) / 60);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${seconds < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(`A count of ${text} cannot be held.`);
}
