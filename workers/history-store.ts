/**
 * ClickHouse's half of the fence: which ledger a history belongs to, and how far it reaches.
 * A block is recorded as flushed last of all, so rows of the block after it are looked at too: a Redis that came back
 * from before that block's seal would otherwise number other rows like these.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { HistoryStore } from '../ledger/open.ts';
import { BLOCKS_PER_PARTITION } from './flush/limits.ts';

/** Tables that a commit's rows go to; each is pruned by its index on `block`. */
const TABLES = [
  'usage_events',
  'ledger_entries',
  'account_history',
  'alert_history',
  'mail_history',
  'dead_letters',
  'parked_events',
  'released_events',
  'redriven_letters',
];

const REACH = TABLES.map(
  (table) => `SELECT max(sequence) AS reach FROM ${table} WHERE block > newest AND block < {end: UInt64}`,
).join(' UNION ALL ');

const IDENTITY = `
  WITH (SELECT greatest(max(block), {start: UInt64}) FROM flushed_blocks WHERE partition = {partition: UInt16}) AS newest
  SELECT ledger_id, partitions, toString(greatest(
    (SELECT max(last_sequence) FROM flushed_blocks WHERE partition = {partition: UInt16}),
    (SELECT max(reach) FROM (${REACH})))) AS sequence
  FROM ledger_identity WHERE partition = {partition: UInt16} LIMIT 1`;

export function clickhouseHistory(clickhouse: ClickHouseClient): HistoryStore {
  return {
    async identity(partition) {
      const [start, end] = [partition * BLOCKS_PER_PARTITION, (partition + 1) * BLOCKS_PER_PARTITION];
      const query_params = { partition, start, end };
      const result = await clickhouse.query({ query: IDENTITY, query_params, format: 'JSONEachRow' });
      const [row] = await result.json<{ ledger_id: string; partitions: number; sequence: string }>();
      if (row === undefined) return undefined;
      return { ledgerId: row.ledger_id, partitions: Number(row.partitions), sequence: Number(row.sequence) };
    },
    async record(partition, ledgerId, partitions) {
      await clickhouse.insert({
        table: 'ledger_identity',
        values: [{ ledger_id: ledgerId, partition, partitions }],
        format: 'JSONEachRow',
      });
    },
  };
}
