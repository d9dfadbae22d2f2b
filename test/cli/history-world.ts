/** A real ledger on a clock of its own with its history in ClickHouse: what commands read, without their processes. */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Redis } from 'ioredis';
import type { PriceBook } from '../../core/price.ts';
import { readBacklog } from '../../ledger/outbox.ts';
import { chargeStore } from '../../workers/accounts/charge-store.ts';
import { createFlusher } from '../../workers/flush/flusher.ts';
import { TEST_LIMITS } from '../flush/world.ts';
import { RealLedger } from '../ledger/real-ledger.ts';
import { freshRedis, freshTag, migratedDatabase } from '../support/engines.ts';

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface HistoryWorld {
  readonly redis: Redis;
  readonly client: ClickHouseClient;
  readonly reader: ClickHouseClient;
  /** Replaced when the price book is. */
  real: RealLedger;
  /** Flushes all that waits; resolves to the sequence up to which ClickHouse has everything. */
  flush(): Promise<number>;
}

export async function openHistoryWorld(book: PriceBook, clock: number): Promise<HistoryWorld> {
  const redis = await freshRedis();
  const { client, reader } = await migratedDatabase();
  const { signal } = new AbortController();
  const real = await RealLedger.open(redis, freshTag(), clock, book, (context) =>
    chargeStore({ clickhouse: client, context, signal }),
  );
  const { keys, ledgerId } = real.context;
  return {
    ...{ redis, client, reader, real },
    async flush() {
      const flusher = createFlusher({
        ...{ redis, clickhouse: client, keys, ledgerId, partition: 0, log: QUIET, limits: TEST_LIMITS },
      });
      flusher.start();
      await flusher.flushed();
      await flusher.stop();
      return (await readBacklog(redis, keys)).flushedSequence;
    },
  };
}
