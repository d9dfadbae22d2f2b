/**
 * The client's connection for sending. Owns: waiting while Redis is away, and telling that from a Redis that will not
 * have us. Commands on it wait for as long as Redis is away, and those whose answer was lost are sent again.
 */
import { Redis, type RedisOptions } from 'ioredis';
import type { PermanentError } from '../core/errors.ts';
import { RECONNECT_MS_MAX } from './limits.ts';
import { invalid, type UsageClientOptions } from './options.ts';
import { loginRefusal } from './refusals.ts';

/** Every option that durability depends on; what else the platform gives (TLS, a sentinel, a name) is kept. */
const OPTIONS = {
  maxRetriesPerRequest: null,
  enableOfflineQueue: true,
  autoResendUnfulfilledCommands: true,
  lazyConnect: false,
  // The shapes of replies that BullMQ reads.
  replyMapping: 'legacy',
  retryStrategy: (times: number) => Math.min(times * 50, RECONNECT_MS_MAX),
  // After a failover the same name leads to another machine; the command itself is tried again by the sender.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
} satisfies RedisOptions;

export interface ProducerConnection {
  readonly redis: Redis;
  /** Resolves when Redis answers, however long that takes; rejects with PermanentError when it refuses the login. */
  ready(): Promise<void>;
  /** Lets go at once. What waits on it may then wait for ever: ioredis forgets its queue when it is not connected. */
  end(): void;
}

/** Opens a connection. Throws PermanentError `invalid` when the options name no Redis, or two. */
export function openConnection(options: UsageClientOptions): ProducerConnection {
  const redis = connect(options);
  let refused: PermanentError | undefined;
  let waiting = Promise.withResolvers<void>();
  waiting.promise.catch(() => undefined);
  const settle = (work: (one: typeof waiting) => void): void => {
    work(waiting);
    waiting = Promise.withResolvers<void>();
    waiting.promise.catch(() => undefined);
  };
  redis.on('ready', () => {
    refused = undefined;
    settle((one) => one.resolve());
  });
  // ioredis goes on connecting after any error; only a refused login is worth telling.
  redis.on('error', (error: Error) => {
    refused = loginRefusal(error);
    const reason = refused;
    if (reason !== undefined) settle((one) => one.reject(reason));
  });
  return {
    redis,
    async ready() {
      if (redis.status === 'ready') return;
      if (refused !== undefined) throw refused;
      await waiting.promise;
    },
    end: () => redis.disconnect(),
  };
}

function connect({ redisUrl, connection }: UsageClientOptions): Redis {
  if ((redisUrl === undefined) === (connection === undefined))
    throw invalid('redisUrl', 'redisUrl or connection must be given, and not both.');
  if (redisUrl !== undefined) {
    if (URL.canParse(redisUrl) && /^rediss?:$/.test(new URL(redisUrl).protocol)) return new Redis(redisUrl, OPTIONS);
    throw invalid(
      'redisUrl',
      'redisUrl must be a URL such as redis://user:password@host:6379/0 (or rediss:// for TLS).',
    );
  }
  if (typeof connection !== 'object' || connection === null)
    throw invalid(
      'connection',
      'connection must be options of ioredis or a connection of it; a URL goes into redisUrl.',
    );
  const given = connection instanceof Redis || isConnection(connection) ? connection.options : connection;
  // Keys of the queue are the service's: a prefix of ioredis would make others of them.
  if (given?.keyPrefix) throw invalid('connection', 'connection has a keyPrefix, but the queue’s keys must have none.');
  // Reads of the queue's events block for longer than most commands may take.
  const { commandTimeout: _, ...kept } = given ?? {};
  return new Redis({ ...kept, ...OPTIONS });
}

/** A connection of another copy of ioredis. */
function isConnection(value: unknown): value is Redis {
  return typeof value === 'object' && value !== null && 'duplicate' in value && 'options' in value;
}
