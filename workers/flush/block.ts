/**
 * A block: the entries of one sealed range and the rows they make in every table.
 * What a block holds depends on nothing but its seal (range, number, refused rows), so that sending it again sends the
 * same rows. Rows of a table keep their index for good: that is how the seal names a refused one.
 */
import { createHash } from 'node:crypto';
import { PermanentError } from '../../core/errors.ts';
import { hashEntries, type OutboxEntry } from '../../ledger/outbox.ts';
import type { Refused, Seal } from '../../ledger/seal.ts';
import { type BlockLink, entryLinks, foldUsage, foldUsageRows } from './chain-links.ts';
import { type ChainedRows, chainRows, type Heads } from './chain-rows.ts';
import { deadRows } from './dead-rows.ts';
import { instant, lineCount, lineRows } from './line-rows.ts';
import type { Row } from './row.ts';
import {
  DEAD_LETTERS,
  FLUSH_TABLES,
  FLUSHED_BLOCKS,
  type FlushTable,
  LEDGER_CHAIN,
  LEDGER_ENTRIES,
  USAGE,
} from './tables.ts';
import { encodeUsage, usageCount, usageRows } from './usage-rows.ts';

export type Block = {
  readonly seal: Seal;
  readonly entries: readonly OutboxEntry[];
  /** All usage rows, encoded ahead of the seal; none of them left out. */
  readonly usage: readonly Buffer[];
  /** The links of all usage rows, made ahead; undefined where some are left out. */
  readonly usageLinks: readonly BlockLink[] | undefined;
  /** What the chains of its accounts go on from; undefined until that is known. */
  readonly heads: Heads | undefined;
  readonly partition: number;
};

/** Rows of all tables that an entry makes: what the bound of a block counts. */
export function rowsOf(entry: OutboxEntry): number {
  return FLUSH_TABLES.reduce((sum, table) => sum + lineCount(entry, table), usageCount(entry));
}

/** Makes the next block out of entries that are in the outbox. Nothing is sealed yet. */
export function makeBlock(entries: readonly OutboxEntry[], number: number, partition: number): Block {
  const rows: Record<string, number> = {};
  for (const table of FLUSH_TABLES) {
    rows[table.name] = entries.reduce((n, e) => n + (table === USAGE ? usageCount(e) : lineCount(e, table)), 0);
  }
  rows[FLUSHED_BLOCKS.name] = 1;
  const seal: Seal = {
    block: number,
    firstSequence: entries[0]!.sequence,
    lastSequence: entries.at(-1)!.sequence,
    hash: hashEntries(entries),
    usageRows: rows[USAGE.name]!,
    rows,
    refused: {},
  };
  return encoded(seal, entries, partition);
}

/** The block of a seal that was found, from the entries of its range. Throws PermanentError when they are others. */
export function sealedBlock(seal: Seal, entries: readonly OutboxEntry[], partition: number): Block {
  if (entries.length === 0 || hashEntries(entries) !== seal.hash) {
    throw new PermanentError(
      'flush-seal-mismatch',
      `The outbox entries ${seal.firstSequence} to ${seal.lastSequence} are not the ones that were sealed as block ` +
        `${seal.block}. Nothing was sent or trimmed: find out who changed the outbox.`,
    );
  }
  return encoded(seal, entries, partition);
}

function encoded(seal: Seal, entries: readonly OutboxEntry[], partition: number): Block {
  const usage = encodeUsage(entries, seal.block);
  const usageLinks = seal.refused[USAGE.name] === undefined ? foldUsage(entries, usage) : undefined;
  return { seal, entries, usage, usageLinks, heads: undefined, partition };
}

/** The same block with rows left out. */
export function withRefused(block: Block, refused: Refused): Block {
  const usageLinks = refused[USAGE.name] === undefined ? block.usageLinks : undefined;
  return { ...block, usageLinks, seal: { ...block.seal, refused } };
}

/** The accounts whose chains the block lengthens. */
export function accountsOf(block: Block): Set<string> {
  return new Set(linksOf(block).map(({ accountId }) => accountId));
}

/** The block's links with their values, and what the chains of its accounts then end with. Its heads must be known. */
export function chainOf(block: Block): ChainedRows {
  let chained = chains.get(block);
  if (chained === undefined) {
    if (block.heads === undefined) throw new TypeError('The heads of a block are asked for before it is sent.');
    chained = chainRows(linksOf(block), block.seal.block, block.heads);
    chains.set(block, chained);
  }
  return chained;
}

/** Worked out once a block: a repair asks again and again. */
const chains = new WeakMap<Block, ChainedRows>();

function linksOf(block: Block): BlockLink[] {
  return [
    ...entryLinks(sentRows(block, LEDGER_ENTRIES)),
    ...(block.usageLinks ?? foldUsageRows(sentRows(block, USAGE))),
  ];
}

/** What the block's rows are, as one hash: the range's, and the refused rows where there are any. */
export function contentHash({ hash, refused }: Seal): string {
  if (Object.keys(refused).length === 0) return hash;
  return createHash('sha256').update(hash).update(JSON.stringify(refused)).digest('hex');
}

/** Every row that the outbox makes for a table, refused ones included. */
export function allRows(block: Block, table: FlushTable): Row[] {
  if (table === USAGE) return usageRows(block.entries, block.seal.block);
  if (table === FLUSHED_BLOCKS) return [recordOf(block)];
  if (table === LEDGER_CHAIN) return [...chainOf(block).rows];
  return lineRows(block.entries, table, block.seal.block);
}

/** The rows that a table gets: without the refused ones; the dead letters with one for each of them. */
export function sentRows(block: Block, table: FlushTable): Row[] {
  const refused = new Set(block.seal.refused[table.name]?.map(({ row }) => row));
  const rows = allRows(block, table).filter((_, index) => !refused.has(index));
  return table === DEAD_LETTERS ? [...rows, ...refusedLetters(block)] : rows;
}

/** The same as bytes to send; for usage without refused rows the ones encoded ahead. */
export function sentChunks(block: Block, table: FlushTable): readonly Buffer[] {
  if (table === USAGE && block.seal.refused[USAGE.name] === undefined) return block.usage;
  const rows = sentRows(block, table);
  return rows.length === 0 ? [] : [Buffer.concat(rows.map(({ bytes }) => bytes))];
}

function refusedLetters(block: Block): Row[] {
  return FLUSH_TABLES.flatMap((table) => {
    const refused = block.seal.refused[table.name];
    return refused === undefined ? [] : deadRows(table, allRows(block, table), refused, block.seal.block);
  });
}

/** `rows` are the usage rows of the block that are in usage_events, so that the two can be compared by a sum. */
function recordOf(block: Block): Row {
  const { seal, entries } = block;
  const record = {
    block: seal.block,
    first_sequence: seal.firstSequence,
    last_sequence: seal.lastSequence,
    rows: seal.usageRows - (seal.refused[USAGE.name]?.length ?? 0),
    sha256: seal.hash,
    flushed_at: instant(Date.now()),
    partition: block.partition,
  };
  const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
  return { bytes, source: bytes, entry: entries.at(-1)!, month: 0, accountId: '', id: '' };
}
