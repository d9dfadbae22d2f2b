/**
 * The value that each account's chain ends with before a block: what the last blocks of this lease left, kept here, and
 * for accounts that none of them had, what ClickHouse has of the blocks before.
 * Invariant: kept values are those of blocks that are trimmed, so they are the newest there are while the lease is held.
 */
import { chainStart } from '../../core/ledger-chain.ts';
import type { Heads } from './chain-rows.ts';
import { BLOCKS_PER_PARTITION } from './limits.ts';
import type { FlushStore } from './store.ts';

/** Accounts whose values are kept: some 200 bytes each, 40 MB in all. */
const HEADS_KEPT_MAX = 200_000;
/** Ids of one question: its text stays below ClickHouse's 256 KiB, whatever their length. */
const PAGE_IDS = 1_000;
/**
 * How far back is looked at first, second, and then to the start, in blocks: an account's links of a block a second for
 * a month are 2.6 million, but those of the last blocks are found by the table's order without reading the others.
 */
const REACHES = [1_000, 100_000, Number.POSITIVE_INFINITY];

export class ChainHeads {
  private readonly store: FlushStore;
  private readonly kept = new Map<string, Buffer>();

  constructor(store: FlushStore) {
    this.store = store;
  }

  /** The heads of these accounts before block `block`. Throws TransientError when ClickHouse does not answer. */
  async before(block: number, accountIds: Iterable<string>): Promise<Heads> {
    const heads = new Map<string, Buffer>();
    let missing: string[] = [];
    for (const id of accountIds) {
      const value = this.kept.get(id);
      if (value === undefined) missing.push(id);
      else heads.set(id, value);
    }
    const first = Math.floor(block / BLOCKS_PER_PARTITION) * BLOCKS_PER_PARTITION;
    let to = block;
    for (const reach of REACHES) {
      const from = Math.max(first, block - reach);
      if (missing.length === 0 || to <= from) break;
      await this.find(missing, from, to, heads);
      missing = missing.filter((id) => !heads.has(id));
      to = from;
    }
    for (const id of missing) heads.set(id, chainStart(id));
    return heads;
  }

  /** Remembers what a block that is trimmed left. */
  took(heads: Heads): void {
    for (const [id, value] of heads) {
      this.kept.delete(id);
      this.kept.set(id, value);
    }
    for (const id of this.kept.keys()) {
      if (this.kept.size <= HEADS_KEPT_MAX) break;
      this.kept.delete(id);
    }
  }

  private async find(ids: readonly string[], from: number, to: number, heads: Map<string, Buffer>): Promise<void> {
    for (let i = 0; i < ids.length; i += PAGE_IDS) {
      const page = ids.slice(i, i + PAGE_IDS).map(literal);
      const rows = await this.store.ask<{ account_id: string; value: string }>(
        `SELECT account_id, hex(argMax(chain, (block, place))) AS value FROM ledger_chain
         WHERE account_id IN (${page.join(', ')}) AND block >= {from: UInt64} AND block < {to: UInt64}
         GROUP BY account_id`,
        { from, to },
      );
      for (const { account_id, value } of rows) heads.set(account_id, Buffer.from(value, 'hex'));
    }
  }
}

/** Written into the text, for a page of ids is too long for a URL. Ids hold nothing that needs the escapes. */
const literal = (id: string): string => `'${id.replace(/['\\]/g, '\\$&')}'`;
