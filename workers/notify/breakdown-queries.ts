/**
 * The SELECTs behind a mail's breakdown, each for a batch of accounts: the whole, the five largest servers and models, the
 * largest pair of them, in one pass. Calls with the user's own key cost nothing, so they are left out.
 * Invariant: sums leave ClickHouse as text; no text of a user's is ever part of the SQL.
 */

/** Largest servers and models that a mail names. */
export const SHARES_MAX = 5;
/** Days that a digest tells of, and as many before them. */
export const WEEK_DAYS = 7;

const TOKENS = ['input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens'] as const;
const DAY = `toDate32('1970-01-01')`;

/** `part`: what the row is of. `key` is the cycle; of a week's rows the local day of a `day`, else 0. */
export interface UsedRow {
  readonly account: string;
  readonly key: number;
  readonly part: 'whole' | 'server' | 'model' | 'pair' | 'day';
  readonly server: string;
  readonly model: string;
  readonly events: string;
  readonly cost: string;
  readonly tokens: readonly [string, string, string, string];
}

/** `spent` is what rows are ordered by; `whole` says, where only some of the rows count, when all of them do. */
const sums = (condition: string, whole = '0'): string => `
    toString(sumIf(usage_days.events, ${condition})) AS events,
    if(${whole}, sum(usage_days.cost), sumIf(usage_days.cost, ${condition})) AS spent, toString(spent) AS cost,
    [${TOKENS.map((column) => `toString(sumIf(${column}, ${condition}))`).join(', ')}] AS tokens`;
const PART = `multiIf(grouping(server_id) = 0 AND grouping(model) = 0, 'pair', grouping(server_id) = 0, 'server',
    grouping(model) = 0, 'model'`;
const LARGEST = `ORDER BY spent DESC, server, model LIMIT ${2 * WEEK_DAYS} BY account, key, part`;
const SETTINGS = 'SETTINGS group_by_use_nulls = 0, force_grouping_standard_compatibility = 1';

/** Of cycles. The pairs of `accounts` and `cycles` that nobody asked for are few: what is left out is the caller's. */
export const CYCLES = `
  SELECT account_id AS account, cycle AS key, ${PART}, 'whole') AS part, server_id AS server, model,
    ${sums('1')}
  FROM usage_days
  WHERE account_id IN {accounts:Array(String)} AND cycle IN {cycles:Array(Int32)} AND key_source = 'platform'
  GROUP BY GROUPING SETS ((account_id, cycle), (account_id, cycle, server_id), (account_id, cycle, model),
    (account_id, cycle, server_id, model))
  ${LARGEST} ${SETTINGS}`;

/** Of the local days from `first` on, and the cost of each of them and of the seven before. */
export const WEEK = `
  SELECT account_id AS account, toInt32(local_day) AS key, if(grouping(local_day) = 0, 'day', ${PART}, 'whole')) AS part,
    server_id AS server, model,
    ${sums(`local_day >= addDays(${DAY}, {first:Int32})`, 'grouping(local_day) = 0')}
  FROM usage_days
  WHERE account_id IN {accounts:Array(String)} AND key_source = 'platform'
    AND local_day >= addDays(${DAY}, {first:Int32} - ${WEEK_DAYS}) AND local_day < addDays(${DAY}, {first:Int32} + ${WEEK_DAYS})
  GROUP BY GROUPING SETS ((account_id), (account_id, local_day), (account_id, server_id), (account_id, model),
    (account_id, server_id, model))
  ${LARGEST} ${SETTINGS}`;
