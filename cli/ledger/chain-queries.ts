/**
 * The SELECTs that walk an account's chain, a stretch of blocks at a time. Parameters: account, and the blocks after
 * `after` up to and including `last`.
 */
import { LEDGER_ENTRY_COLUMNS, USAGE_COLUMNS } from '../../schema/rows.ts';

const STRETCH = 'account_id = {account:String} AND block > {after:UInt64} AND block <= {last:UInt64}';
const named = (columns: readonly string[]): string => columns.map((name) => `\`${name}\``).join(', ');

/** At most `limit` links in the order of the chain. */
export const LINKS = `
  SELECT toString(block), place, toString(kind), rows, toString(\`index\`), toString(sequence), hex(content), hex(chain)
  FROM ledger_chain WHERE ${STRETCH} ORDER BY block, place LIMIT {limit:UInt32}`;

/** As the flusher sent them: tab-separated texts, and RowBinary. */
export const CHAINED_ENTRIES = `
  SELECT ${named(LEDGER_ENTRY_COLUMNS)} FROM ledger_entries WHERE ${STRETCH}
  ORDER BY block, sequence, \`index\` FORMAT TabSeparatedRaw`;
export const CHAINED_USAGE = `
  SELECT ${named(USAGE_COLUMNS)} FROM usage_events WHERE ${STRETCH}
  ORDER BY block, sequence, position FORMAT RowBinary`;
