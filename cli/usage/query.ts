/**
 * The question behind `usage`, as SQL with parameters. Reads the rollup by quarter of an hour; a range that cuts through
 * a quarter reads the raw rows instead, so that the answer is exact whatever the range.
 * Invariant: no text of a user's is ever part of the SQL; sums leave ClickHouse as text, so no client rounds them.
 */
import type { Offset } from './offsets.ts';

/** Flag word → its column, its name in a row, its title in a table. */
export const KEYS = {
  account: { column: 'account_id', field: 'accountId', title: 'ACCOUNT' },
  server: { column: 'server_id', field: 'serverId', title: 'SERVER' },
  model: { column: 'model', field: 'model', title: 'MODEL' },
  keySource: { column: 'key_source', field: 'keySource', title: 'KEY SOURCE' },
  cycle: { column: 'cycle', field: 'cycle', title: 'CYCLE' },
} as const;

export type KeyName = keyof typeof KEYS;
export const KEY_NAMES = Object.keys(KEYS) as KeyName[];

export const BUCKETS = ['hour', 'day', 'month'] as const;
export type Bucket = (typeof BUCKETS)[number];

export interface UsageQuestion {
  readonly accountId?: string;
  readonly serverId?: string;
  readonly model?: string;
  /** `[fromMs, toMs)` of `occurredAt`. */
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly timeZone: string;
  readonly by: readonly KeyName[];
  readonly bucket?: Bucket;
}

/** What is summed, in the order of a row's last columns. */
export const SUMS = [
  'events',
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'credits',
  'monthlyCredits',
  'bonusCredits',
  'uncoveredCredits',
] as const;

const QUARTER_HOUR_MS = 900_000;

interface Source {
  readonly table: string;
  /** The column that a bucket and a range go by. */
  readonly time: string;
  readonly sums: readonly string[];
}

const TOKENS = ['input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens'] as const;

const ROLLUP: Source = {
  table: 'usage_quarter_hours',
  time: 'quarter_hour',
  sums: ['events', ...TOKENS, 'cost', 'monthly', 'bonus', 'uncovered'],
};

const RAW: Source = {
  table: 'usage_events',
  time: 'occurred_at',
  sums: ['events', ...TOKENS, 'cost', 'from_previous + from_monthly', 'from_bonus', 'uncovered'],
};

/** SQL and its parameters. */
export interface Query {
  readonly query: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** First and last time (ms, as text) of what the question is about; '0' and '0' when there is nothing. */
export function spanQuery(question: UsageQuestion): Query {
  const { table, time } = sourceOf(question);
  const ends = ['min', 'max'].map((end) => `toString(toUnixTimestamp(toDateTime(${end}(${time}), 'UTC')) * 1000)`);
  const { where, params } = filter(question);
  return { query: `SELECT ${ends.join(', ')} FROM ${table} ${where}`, params };
}

/**
 * The rows of the answer: arrays of the bucket's columns, the keys, then the sums as text. `offsets` are the zone's over
 * the whole span (see `offsets.ts`); without a bucket none are needed.
 */
export function usageQuery(question: UsageQuestion, offsets: readonly Offset[]): Query {
  const { by, bucket } = question;
  const source = sourceOf(question);
  const { where, params } = filter(question);
  const columns = bucket === undefined ? [] : bucketColumns(bucket, source.time, offsets);
  const keys = [...columns, ...by.map((key) => KEYS[key].column)];
  const names = keys.map((_, i) => `k${i}`);
  // Of an hour that comes twice, the one that is further ahead of UTC comes first.
  const order = names.map((name, i) => (bucket === 'hour' && i === 1 ? `${name} DESC` : name));
  const sums = source.sums.map((sum, i) => `sum(${sum}) AS s${i}`);
  const query = [
    `SELECT ${[...names, ...sums.map((_, i) => `toString(s${i})`)].join(', ')}`,
    `FROM (SELECT ${[...keys.map((key, i) => `${key} AS k${i}`), ...sums].join(', ')} FROM ${source.table} ${where}`,
    names.length === 0 ? ')' : `GROUP BY ${names.join(', ')})`,
    // An event and its void come to nothing in every sum: no row then.
    `WHERE ${sums.map((_, i) => `s${i} != 0`).join(' OR ')}`,
    names.length === 0 ? '' : `ORDER BY ${order.join(', ')}`,
  ];
  return { query: query.join('\n'), params };
}

function sourceOf({ fromMs, toMs }: UsageQuestion): Source {
  return [fromMs, toMs].some((ms) => ms !== undefined && ms % QUARTER_HOUR_MS !== 0) ? RAW : ROLLUP;
}

function filter(question: UsageQuestion): { where: string; params: Record<string, unknown> } {
  const { time } = sourceOf(question);
  const conditions: [unknown, string, string][] = [
    [question.accountId, 'account', 'account_id = {account:String}'],
    [question.serverId, 'server', 'server_id = {server:String}'],
    [question.model, 'model', 'model = {model:String}'],
    [question.fromMs, 'from', `${time} >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')`],
    [question.toMs, 'to', `${time} < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`],
  ];
  const given = conditions.filter(([value]) => value !== undefined);
  return {
    where: given.length === 0 ? '' : `WHERE ${given.map(([, , sql]) => sql).join(' AND ')}`,
    params: Object.fromEntries(given.map(([value, name]) => [name, value])),
  };
}

/**
 * The columns of a bucket, as integers: hours or days of the zone's wall clock since 1970, or year and month. An hour
 * that the clocks repeat is two, told apart by the zone's offset (s), so an hour has that beside it.
 */
function bucketColumns(bucket: Bucket, time: string, offsets: readonly Offset[]): string[] {
  const seconds = `toInt64(toUnixTimestamp(toDateTime(${time}, 'UTC')))`;
  const offset = offsetAt(seconds, offsets);
  if (bucket === 'hour') return [`intDiv(${seconds} + ${offset}, 3600)`, offset];
  const day = `intDiv(${seconds} + ${offset}, 86400)`;
  return bucket === 'day' ? [day] : [`toYYYYMM(toDate32(${day}))`];
}

/** The offset in force, as a choice between a few numbers: a zone changes its clocks twice a year at most. */
function offsetAt(seconds: string, offsets: readonly Offset[]): string {
  const choices = offsets.map(({ offsetSeconds }, i) => {
    const next = offsets[i + 1];
    return next === undefined
      ? integer(offsetSeconds)
      : `${seconds} < ${integer(next.startMs / 1000)}, ${integer(offsetSeconds)}`;
  });
  return `toInt32(${choices.length === 1 ? choices[0]! : `multiIf(${choices.join(', ')})`})`;
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new TypeError('An offset or a clock change is no whole number of seconds.');
  return String(value);
}
