/**
 * The SELECTs behind an account's ledger: its entries, and the usage between them from the raw rows. Amounts leave
 * ClickHouse as text, so that no client rounds them. Parameters: account, upTo (the last sequence number that counts),
 * from and to (ms of the commit).
 * Entries and rows of one commit are numbered by one counter, so (sequence, index or position) is one order; `place`
 * packs it into a number: a commit has at most some thousand entries and rows, and sequences stay far below 2^48.
 */

/** Kinds as `ledger_entries` has them; usage comes from the raw rows. */
const place = (index: string): string => `bitShiftLeft(sequence, 16) + ${index}`;

const AT = 'toString(toUnixTimestamp64Milli(committed_at))';
const OF_ACCOUNT = 'account_id = {account:String} AND sequence <= {upTo:UInt64}';
/** What costs nothing moves nothing, and a void has an entry of its own: neither is usage in the ledger. */
const PAID_NOW = 'events > 0 AND from_monthly + from_bonus + uncovered > 0';

/** Every entry but usage, in order. */
export const ENTRIES = `
  SELECT toString(sequence), toString(\`index\`), ${AT}, kind, cycle, toString(monthly_delta), toString(bonus_delta),
    toString(uncovered_delta), toString(monthly_after), toString(bonus_after), toString(uncovered_after), ref, note
  FROM ledger_entries WHERE ${OF_ACCOUNT} AND kind != 'usage' ORDER BY sequence, \`index\``;

/** Usage that late events had of the cycle before: each follows an expiry-reversed of its own (rule 5). */
export const LATE_USAGE = `
  SELECT toString(sequence), toString(position), ${AT}, paying_cycle - 1, toString(-from_previous), '0', '0', '0',
    toString(bonus_after + from_bonus), event_id, '1'
  FROM usage_events WHERE ${OF_ACCOUNT} AND events > 0 AND from_previous > 0 ORDER BY sequence, position`;

/** Usage of the running cycle, event by event. */
export const USAGE = `
  SELECT toString(sequence), toString(position), ${AT}, paying_cycle, toString(-from_monthly), toString(-from_bonus),
    toString(uncovered), toString(monthly_after), toString(bonus_after), event_id, '1'
  FROM usage_events WHERE ${OF_ACCOUNT} AND ${PAID_NOW} ORDER BY sequence, position`;

/**
 * The same, one row for all of one cycle between two entries; where a range is asked for, also none across its ends.
 * Each row of usage finds the entry before it, so memory is bounded by the entries, however many events there are.
 */
export const FOLDED_USAGE = `
  SELECT toString(intDiv(max(place), 65536)), toString(max(place) % 65536), toString(max(at)), paying_cycle,
    toString(-sum(from_monthly)), toString(-sum(from_bonus)), toString(sum(uncovered)),
    toString(argMax(monthly_after, place)), toString(argMax(bonus_after, place)),
    if(count() = 1, any(event_id), ''), toString(count())
  FROM (
    SELECT account_id, ${place('position')} AS place, toUnixTimestamp64Milli(committed_at) AS at, paying_cycle,
      from_monthly, from_bonus, uncovered, monthly_after, bonus_after, event_id
    FROM usage_events WHERE ${OF_ACCOUNT} AND ${PAID_NOW}
  ) AS usage
  ASOF LEFT JOIN (
    SELECT account_id, ${place('`index`')} AS entry FROM ledger_entries WHERE ${OF_ACCOUNT} AND kind != 'usage'
  ) AS entries ON usage.account_id = entries.account_id AND usage.place >= entries.entry
  GROUP BY entries.entry, paying_cycle, at >= {from:Int64}, at >= {to:Int64}
  ORDER BY max(place)`;
