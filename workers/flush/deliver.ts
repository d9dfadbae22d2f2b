/**
 * Delivers one sealed block to every table and then trims it, however often it has to try.
 *
 *   sealed ── all tables acknowledged ──> trimmed
 *     │ an insert fails ──> in doubt: wait, then repair every table ──┐
 *     │ refused for its content ──> find the rows, amend the seal ────┴──> again
 *
 * In doubt means that an attempt may have had any part of its effect: from then on every table is asked first.
 */
import { PermanentError } from '../../core/errors.ts';
import type { Seal, SealDoor } from '../../ledger/seal.ts';
import type { Backoff } from './backoff.ts';
import { accountsOf, allRows, type Block, chainOf, contentHash, sentChunks, withRefused } from './block.ts';
import type { ChainHeads } from './chain-heads.ts';
import { findRefused } from './halve.ts';
import type { FlushLog } from './log.ts';
import { type Repair, repairTable } from './repair.ts';
import { ContentError, type FlushStore } from './store.ts';
import { FLUSH_TABLES, FLUSHED_BLOCKS, type FlushTable, LEDGER_CHAIN } from './tables.ts';

/** Points that the flusher passes; a test may stop it right there. */
export type FlushPoint = 'sealed' | `inserted:${FlushTable['name']}` | 'trimmed';

export type Delivery = {
  readonly store: FlushStore;
  readonly door: SealDoor;
  readonly chainHeads: ChainHeads;
  readonly ledgerId: string;
  readonly partition: number;
  readonly log: FlushLog;
  readonly leaseToken: string;
  readonly assertHeld: () => void;
  readonly backoff: Backoff;
  readonly passed: (point: FlushPoint) => Promise<void>;
};

/**
 * Resolves with the seal as it was trimmed. Gives up only when the back-off says so (stopping), the lease is lost, or
 * the error is permanent; the seal then stays for the next flusher.
 */
export async function deliver(delivery: Delivery, sealed: Block, foundSealed: boolean): Promise<Seal> {
  let block = sealed;
  let inDoubt = foundSealed;
  for (;;) {
    try {
      block = await linked(delivery, block);
      await send(delivery, block, inDoubt);
      await delivery.door.trim(delivery.leaseToken, block.seal);
      break;
    } catch (error) {
      inDoubt = true;
      if (error instanceof ContentError) block = await setAside(delivery, block, error);
      else await delivery.backoff.failed(error);
    }
  }
  delivery.chainHeads.took(chainOf(block).heads);
  delivery.backoff.worked();
  await delivery.passed('trimmed');
  return block.seal;
}

/** The block with what its accounts' chains go on from, which is known only now: the block before is in ClickHouse. */
async function linked({ chainHeads }: Delivery, block: Block): Promise<Block> {
  if (block.heads !== undefined) return block;
  return { ...block, heads: await chainHeads.before(block.seal.block, accountsOf(block)) };
}

async function send(delivery: Delivery, block: Block, inDoubt: boolean): Promise<void> {
  for (const table of FLUSH_TABLES) {
    const chunks = sentChunks(block, table);
    if (chunks.length === 0) continue;
    const repair: Repair = {
      store: delivery.store,
      label: labelOf(delivery, block),
      token: `${labelOf(delivery, block)}:${contentHash(block.seal)}:${table.name}`,
      assertHeld: delivery.assertHeld,
    };
    if (inDoubt) {
      const { missing } = await repairTable(repair, block, table);
      if (missing.length > 0)
        delivery.log.warn({ event: 'flush-repaired', block: block.seal.block, missing }, 'missing rows were written');
    } else {
      delivery.assertHeld();
      await delivery.store.insertOnce(table, chunks, repair.token, repair.label);
    }
    await delivery.passed(`inserted:${table.name}`);
  }
}

const labelOf = ({ ledgerId, partition }: Delivery, { seal }: Block): string =>
  `flowly-block:${ledgerId}:${partition}:${seal.block}`;

/** Writes down in the seal which rows are refused; they go out as dead letters of the same block. */
async function setAside(delivery: Delivery, block: Block, { table }: ContentError): Promise<Block> {
  for (;;) {
    try {
      const known = block.seal.refused[table.name] ?? [];
      const skip = new Set(known.map(({ row }) => row));
      const rows = allRows(block, table);
      const tried = [...rows.keys()].filter((index) => !skip.has(index));
      if (table === FLUSHED_BLOCKS || table === LEDGER_CHAIN || tried.length === 0) throw notOurs(table);
      const found = await findRefused(
        delivery.store,
        table,
        tried.map((index) => rows[index]!),
      );
      const refused = [...known, ...found.map((one) => ({ ...one, row: tried[one.row]! }))];
      const amended = withRefused(block, { ...block.seal.refused, [table.name]: refused });
      await delivery.door.amend(delivery.leaseToken, amended.seal);
      delivery.log.error(
        {
          event: 'flush-rows-refused',
          block: block.seal.block,
          table: table.name,
          rows: found.length,
          reason: found[0]!.code,
        },
        'rows that ClickHouse refuses became dead letters',
      );
      return amended;
    } catch (error) {
      await delivery.backoff.failed(error);
    }
  }
}

function notOurs(table: FlushTable): PermanentError {
  return new PermanentError(
    'flush-record-refused',
    `ClickHouse refuses the flusher's own rows of ${table.name}: look at the migrations.`,
  );
}
