/**
 * The SELECTs of reconcile. Each is about one page of accounts; sums leave ClickHouse as text, so nothing is rounded.
 * Ids are written into the text: a page of them is too long for a URL, where parameters travel. They cannot hold a
 * quote or a backslash, and `literal` asserts that.
 */
import { isId } from '../schema/text.ts';

/** An account and the last sequence number its balance includes. */
export interface PageAccount {
  readonly accountId: string;
  readonly sequence: number;
  /** Its running cycle. */
  readonly cycle: number;
}

/** What both the raw rows and the rollups can tell of an account. */
export const TOTALS = [
  'events',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'cost',
  'monthly',
  'bonus',
  'uncovered',
] as const;

/**
 * Raw rows up to each account's sequence. What a void gave back is an entry of the ledger, so `monthly` and `bonus` are
 * without the rows that take others back; what those say is apart, in `void_bonus` and `void_uncovered`. `parts` counts
 * rows whose parts do not add up to their cost; that nobody paid is right of events that were voided before they came,
 * whose two rows come to nothing: `unpaid`.
 */
export function balanceRows(page: readonly PageAccount[]): string {
  const totals = {
    ...{ events: 'events', cost: 'cost' },
    ...{ monthly: 'if(events > 0, from_previous + from_monthly, 0)', bonus: 'if(events > 0, from_bonus, 0)' },
    ...{ void_bonus: 'if(events < 0, -from_bonus, 0)', void_uncovered: 'if(events < 0, uncovered, 0)' },
    ...{ parts: `${IS_PAID} AND cost != ${PARTS}`, unpaid: `if(${IS_PAID}, 0, cost)` },
  };
  return `SELECT account_id, ${sums(totals)} FROM usage_events WHERE ${upTo(page)} GROUP BY account_id`;
}

const PARTS = 'from_previous + from_monthly + from_bonus + uncovered';
const IS_PAID = '(from_previous != 0 OR from_monthly != 0 OR from_bonus != 0 OR uncovered != 0)';

/** What each account's running cycle left uncovered, by its paying cycle. */
export function uncoveredRows(page: readonly PageAccount[]): string {
  const cycles = page.map((one) => integer(one.cycle)).join(', ');
  return `
    SELECT account_id, ${sums({ uncovered: 'uncovered' })} FROM usage_events
    WHERE ${upTo(page)} AND paying_cycle = transform(account_id, [${ids(page)}], [${cycles}], -1)
    GROUP BY account_id`;
}

/** Ledger entries up to each account's sequence, and what of it the voids among them gave back. */
export function entryRows(page: readonly PageAccount[]): string {
  return `
    SELECT account_id, ${sums({
      ...{ monthly: 'monthly_delta', bonus: 'bonus_delta' },
      ...{ void_bonus: "if(kind = 'void', bonus_delta, 0)", void_uncovered: "if(kind = 'void', uncovered_delta, 0)" },
    })}
    FROM ledger_entries WHERE ${upTo(page)} GROUP BY account_id`;
}

/** Everything that is in the raw table, or in a rollup, of the page's accounts: the same columns. */
export function totalRows(
  table: 'usage_events' | 'usage_quarter_hours' | 'usage_days',
  page: readonly PageAccount[],
): string {
  const same = Object.fromEntries(TOTALS.map((name) => [name, name]));
  const raw = { ...same, monthly: 'from_previous + from_monthly', bonus: 'from_bonus' };
  return `
    SELECT account_id, ${sums(table === 'usage_events' ? raw : same)}
    FROM ${table} WHERE account_id IN (${ids(page)}) GROUP BY account_id`;
}

/** Events charged up to a sequence number; a void is no event less. */
export const ACCEPTED =
  'SELECT toString(countIf(events > 0)) AS accepted FROM usage_events WHERE sequence <= {sequence:UInt64}';

/** Every account that ClickHouse has anything of. */
export const ACCOUNTS = `
  SELECT DISTINCT account_id FROM (SELECT account_id FROM usage_events UNION ALL SELECT account_id FROM ledger_entries)
  WHERE account_id != ''`;

/** `total_` in front, because ClickHouse would take the sum's own name for the column in it. */
function sums(columns: Readonly<Record<string, string>>): string {
  return Object.entries(columns)
    .map(([name, expression]) => `toString(sum(${expression})) AS total_${name}`)
    .join(', ');
}

function upTo(page: readonly PageAccount[]): string {
  const sequences = page.map((one) => integer(one.sequence)).join(', ');
  return `account_id IN (${ids(page)}) AND sequence <= transform(account_id, [${ids(page)}], [${sequences}], 0)`;
}

function ids(page: readonly PageAccount[]): string {
  return page.map((one) => literal(one.accountId)).join(', ');
}

function literal(id: string): string {
  if (!isId(id)) throw new TypeError('An account id of the ledger is no id.');
  return `'${id}'`;
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError('A number of the ledger is no whole number.');
  return String(value);
}
