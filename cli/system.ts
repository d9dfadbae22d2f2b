/**
 * Everything a command works on, opened in order and closed again whatever happens: the engines (embedded ones are
 * started when nobody has them running), the database brought to its schema, the ledger behind its fence, the queues.
 * Invariant: when `withSystem` has returned, nothing of it keeps the process alive.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { TransientError } from '../core/errors.ts';
import type { LedgerContext } from '../ledger/context.ts';
import { ledgerKeys, partitionTag } from '../ledger/keys.ts';
import { openLedger } from '../ledger/open.ts';
import type { Config } from '../runtime/config.ts';
import { type Engines, openEngines } from '../runtime/sidecars/open-engines.ts';
import { migrate } from '../schema/migrate.ts';
import { clickhouseHistory } from '../workers/history-store.ts';
import { ACCOUNTS_QUEUE, openQueue, USAGE_QUEUE } from '../workers/queues.ts';
import {
  connectClickhouse,
  connectRedis,
  databaseOf,
  disconnectRedis,
  type RedisUse,
  reachClickhouse,
} from './connections.ts';

export interface System {
  readonly config: Config;
  readonly log: Logger;
  readonly engines: Engines;
  /** The ledger on a connection of its own. */
  readonly ledger: LedgerContext;
  /** For everything else: commands on it wait for as long as Redis is away. */
  readonly redis: Redis;
  /** May change data. */
  readonly clickhouse: ClickHouseClient;
  /** May only read; where users of one's own are given by CLICKHOUSE_URL, the same user. */
  readonly reader: ClickHouseClient;
  /** `usage` and `accounts`, as a producer sees them. */
  readonly queues: { readonly usage: Queue; readonly accounts: Queue };
  /** Aborts, with the reason, when connections that are open can never work again. */
  readonly lost: AbortSignal;
  /** One more connection, closed with the system. */
  readonly connect: (use: RedisUse) => Promise<Redis>;
}

/** Opens the system, runs `work`, closes the system. */
export async function withSystem<T>(
  { config, log }: { readonly config: Config; readonly log: Logger },
  work: (system: System) => Promise<T>,
): Promise<T> {
  const closers: (() => Promise<void> | void)[] = [];
  const opened = <C>(one: C, close: (one: C) => Promise<void> | void): C => {
    closers.push(() => close(one));
    return one;
  };
  try {
    const { dataDir, redisUrl, clickhouseUrl } = config;
    const engines = opened(await openEngines({ dataDir, redisUrl, clickhouseUrl, log }), (one) => one.close());
    const lost = watchRedis(engines);
    const connect: System['connect'] = async (use) => opened(await connectRedis(engines, log, use), disconnectRedis);
    const closeClient = (one: ClickHouseClient): Promise<void> => one.close();
    const database = databaseOf(engines);
    const unbound = opened(connectClickhouse(engines, 'writer'), closeClient);
    await reachClickhouse(unbound);
    await migrate(unbound, {
      database,
      log: (name) => log.info({ event: 'migrated', name }, 'a migration was applied'),
    });
    const clickhouse = opened(connectClickhouse(engines, 'writer', database), closeClient);
    const reader = opened(connectClickhouse(engines, 'reader', database), closeClient);
    const ledgerRedis = await connect({ name: 'ledger', patient: false });
    const redis = await connect({ name: 'producer', patient: true });
    const tag = partitionTag(0);
    const ledger = await openLedger({
      redis: ledgerRedis,
      keys: ledgerKeys(tag),
      history: clickhouseHistory(clickhouse),
      partitions: config.partitions,
    });
    const queue = (name: string): Queue => {
      const made = opened(openQueue(name, redis, tag), (one) => one.close());
      // Its connection says what is wrong; a queue that nobody listens to prints the error with its stack.
      made.on('error', () => undefined);
      return made;
    };
    const queues = { usage: queue(USAGE_QUEUE), accounts: queue(ACCOUNTS_QUEUE) };
    return await work({ config, log, engines, ledger, redis, clickhouse, reader, queues, lost, connect });
  } finally {
    for (const close of closers.reverse()) {
      try {
        await close();
      } catch (error) {
        // The others must be closed too, and what `work` did is what counts.
        log.debug({ event: 'close-failed', err: error }, 'something did not close cleanly');
      }
    }
  }
}

/** An embedded Redis that comes back elsewhere, or with another password, is not the one that we are connected to. */
function watchRedis(engines: Engines): AbortSignal {
  const lost = new AbortController();
  const before = JSON.stringify(engines.redis);
  engines.onChanged(() => {
    if (JSON.stringify(engines.redis) === before) return;
    lost.abort(
      new TransientError('redis-moved', 'The embedded Redis came back with new credentials: start this again.'),
    );
  });
  return lost.signal;
}
