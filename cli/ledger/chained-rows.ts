/** What a stretch of an account's chain stands for, as it lies in ClickHouse now: entries and usage rows by block. */
import type { ClickHouseClient } from '@clickhouse/client';
import { entryContent, usageContent } from '../../core/ledger-chain.ts';
import { SPLIT_BYTES, TAIL_BYTES } from '../../schema/rows.ts';
import { decodeUsageBody } from '../../schema/usage-body.ts';
import { CHAINED_ENTRIES, CHAINED_USAGE } from './chain-queries.ts';

export interface FoundEntry {
  readonly block: number;
  readonly sequence: number;
  readonly index: number;
  readonly kind: string;
  readonly content: Buffer;
}

export interface FoundUsage {
  readonly rows: number;
  readonly content: Buffer;
}

export interface Stretch {
  readonly account: string;
  readonly after: number;
  readonly last: number;
}

/** In the order of their blocks and commits. */
export async function chainedEntries(clickhouse: ClickHouseClient, stretch: Stretch): Promise<FoundEntry[]> {
  const text = (await bytesOf(clickhouse, CHAINED_ENTRIES, stretch)).toString('utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const columns = line.split('\t');
    return {
      block: Number(columns.at(-1)),
      sequence: Number(columns.at(-3)),
      index: Number(columns[1]),
      kind: columns[2] ?? '',
      content: entryContent(columns),
    };
  });
}

/** One hash a block. */
export async function chainedUsage(clickhouse: ClickHouseClient, stretch: Stretch): Promise<Map<number, FoundUsage>> {
  const bytes = await bytesOf(clickhouse, CHAINED_USAGE, stretch);
  const found = new Map<number, FoundUsage>();
  let block = 0;
  let rows = 0;
  let start = 0;
  const close = (end: number): void => {
    if (rows > 0) found.set(block, { rows, content: usageContent(bytes.subarray(start, end)) });
    start = end;
    rows = 0;
  };
  for (let at = 0; at < bytes.length; rows += 1) {
    const end = rowEnd(bytes, at);
    const next = Number(bytes.readBigUInt64LE(end - BLOCK_BYTES));
    if (next !== block) close(at);
    block = next;
    at = end;
  }
  close(bytes.length);
  return found;
}

/** A row's last column. */
const BLOCK_BYTES = 8;

const rowEnd = (bytes: Buffer, start: number): number => decodeUsageBody(bytes, start).end + SPLIT_BYTES + TAIL_BYTES;

async function bytesOf(clickhouse: ClickHouseClient, query: string, stretch: Stretch): Promise<Buffer> {
  const { stream } = await clickhouse.exec({ query, query_params: { ...stretch } });
  return Buffer.concat((await stream.toArray()) as Buffer[]);
}
