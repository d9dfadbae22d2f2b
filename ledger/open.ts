/**
 * Opens a partition's ledger: mints it once, and compares the identities and sequence numbers of both stores (the fence).
 * Invariant: nothing is taken unless Redis and ClickHouse hold the same ledger and Redis is not behind ClickHouse.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type LedgerContext, ledgerContext } from './context.ts';
import { DIRECTORY_START } from './dedupe.ts';
import type { LedgerKeys } from './keys.ts';
import { defineScripts, FenceError } from './scripts.ts';

/** What the history store says of a partition; undefined where it knows no ledger for it. */
export interface HistoryIdentity {
  readonly ledgerId: string;
  readonly partitions: number;
  /** The last sequence number of its newest flushed block, 0 when there is none. */
  readonly sequence: number;
}

/** The side of ClickHouse that the fence needs; `record` must be acknowledged before anything is taken. */
export interface HistoryStore {
  identity(partition: number): Promise<HistoryIdentity | undefined>;
  record(partition: number, ledgerId: string, partitions: number): Promise<void>;
}

export interface OpenLedgerOptions {
  readonly redis: Redis;
  readonly keys: LedgerKeys;
  readonly history: HistoryStore;
  readonly partition?: number;
  readonly partitions?: number;
  /** A simulated clock to start at (ms); left out: the clock of Redis. */
  readonly clock?: number;
}

/** Throws FenceError (`ledger-is-empty`, `ledger-is-another`, `ledger-went-back`, `history-is-empty`,
 * `history-went-back`, `partitions-changed`). */
export async function openLedger(options: OpenLedgerOptions): Promise<LedgerContext> {
  const { redis, keys, history, partition = 0, partitions = 1 } = options;
  const run = defineScripts(redis);
  // Others may flush meanwhile: how far Redis says that ClickHouse is stands before asking it, how far Redis itself is
  // after it. So neither is ever taken for having gone back because it was asked first.
  const flushed = Number((await redis.hget(keys.meta, 'flushed')) ?? 0);
  const known = await history.identity(partition);
  if (known !== undefined && (await redis.hget(keys.meta, 'id')) === null) {
    throw new FenceError(
      'ledger-is-empty',
      `Redis holds no ledger, but ClickHouse holds the history of ledger ${known.ledgerId} up to sequence ${known.sequence}. ` +
        'Nothing was taken: accepting now would count every resent event again. Bring back the right Redis (REDIS_URL, FLOWLY_DATA_DIR), or restore it from ClickHouse.',
    );
  }
  const reply = (await run(
    'found',
    [keys.meta],
    [
      randomUUID(),
      String(partition),
      String(partitions),
      DIRECTORY_START,
      options.clock === undefined ? '' : String(options.clock),
    ],
  )) as string[];
  const [ledgerId, recordedPartitions, sequence] = [reply[0]!, Number(reply[1]), Number(reply[2])];
  if (recordedPartitions !== partitions) {
    throw new FenceError(
      'partitions-changed',
      `This ledger was made with PARTITIONS=${recordedPartitions}, not ${partitions}. Set PARTITIONS=${recordedPartitions}.`,
    );
  }
  if (known === undefined) {
    if (flushed > 0) {
      throw new FenceError(
        'history-is-empty',
        `ClickHouse holds no ledger, but Redis has flushed ledger ${ledgerId} up to sequence ${flushed} to one. ` +
          'Nothing was taken. Bring back the right ClickHouse (CLICKHOUSE_URL, FLOWLY_DATA_DIR) or restore its data.',
      );
    }
    await history.record(partition, ledgerId, partitions);
  } else if (known.ledgerId !== ledgerId) {
    throw new FenceError(
      'ledger-is-another',
      `Redis holds the ledger ${ledgerId}, ClickHouse the history of ${known.ledgerId}. Nothing was taken. Point REDIS_URL and CLICKHOUSE_URL at engines that belong together.`,
    );
  } else if (known.sequence < flushed) {
    throw new FenceError(
      'history-went-back',
      `ClickHouse went back in time: it holds ledger ${ledgerId} up to sequence ${known.sequence}, and Redis has flushed it up to ${flushed}. ` +
        'Nothing was taken. Bring back the newer data of ClickHouse.',
    );
  } else if (known.sequence > sequence) {
    throw new FenceError(
      'ledger-went-back',
      `Redis went back in time: it is at sequence ${sequence}, ClickHouse already has ${known.sequence}. ` +
        'Nothing was taken. Restore a newer copy of Redis, or restore it from ClickHouse.',
    );
  }
  const context = ledgerContext(redis, keys, ledgerId, run);
  context.seen.sequence = sequence;
  return context;
}
