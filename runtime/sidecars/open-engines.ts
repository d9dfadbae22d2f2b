/**
 * The two engines as the rest of the program sees them. A given URL is used as it is; for the rest this connects to the
 * keeper of the data directory (starting it when there is none) and holds that connection, which keeps the engines up.
 * When the keeper dies another is started and the engines come back: Redis on the same socket, ClickHouse on the same
 * port; should that port be taken by then, `changed` tells the new URL and passwords.
 */
import { PermanentError, TransientError } from '../../core/errors.ts';
import { connectKeeper, type KeeperLink, type KeeperListener } from './keeper-link.ts';
import { LINGER_MS, OPEN_TIMEOUT_MS, RESTART_PAUSE_MS_MAX } from './limits.ts';
import { sidecarPaths } from './paths.ts';
import type { ClickhouseCoordinates, EngineName, KeeperMessage, RedisCoordinates } from './protocol.ts';
import { pause } from './wait.ts';

export type SidecarLog = { info(fields: object, message: string): void; warn(fields: object, message: string): void };

export type OpenEnginesOptions = {
  /** Folder of the embedded engines' data; made when missing, mode 0700. */
  readonly dataDir: string;
  /** `redis://…`: use this one and start none. */
  readonly redisUrl?: string | undefined;
  /** `http://user:password@host:8123`: use this one and start none. */
  readonly clickhouseUrl?: string | undefined;
  readonly log?: SidecarLog | undefined;
  /** How long the engines outlive the last client; counts for a keeper this call has to start. For tests. */
  readonly lingerMs?: number | undefined;
};

/** Where Redis is: a URL, or the options `{path, password}` that ioredis takes as they are. */
export type RedisTarget = { readonly url: string } | RedisCoordinates;

export type Engines = {
  readonly redis: RedisTarget;
  /** Read it anew for each client you build: it changes when `changed` fires. */
  readonly clickhouse: ClickhouseCoordinates;
  /** Process ids of the embedded ones, for people and tests. */
  readonly pids: Readonly<{ keeper?: number; redis?: number; clickhouse?: number }>;
  /** Calls back after an engine came back with other coordinates; returns how to stop listening. */
  onChanged(listener: () => void): () => void;
  /** Lets go; the keeper stops the engines once nobody holds on. Idempotent. */
  close(): Promise<void>;
};

/**
 * Opens both engines. Rejects with a `FlowlyError` whose message says what is wrong in the engine's own words.
 */
export async function openEngines(options: OpenEnginesOptions): Promise<Engines> {
  const external = {
    redis: options.redisUrl === undefined ? undefined : { url: options.redisUrl },
    clickhouse: options.clickhouseUrl === undefined ? undefined : parseClickhouseUrl(options.clickhouseUrl),
  };
  const wanted: EngineName[] = [];
  if (!external.redis) wanted.push('redis');
  if (!external.clickhouse) wanted.push('clickhouse');

  const listeners = new Set<() => void>();
  let ready: Extract<KeeperMessage, { type: 'ready' }> | undefined;
  let link: KeeperLink | undefined;
  let reconnecting: Promise<void> | undefined;
  const abort = new AbortController();

  function become(message: Extract<KeeperMessage, { type: 'ready' }>): void {
    const before = ready && JSON.stringify([ready.redis, ready.clickhouse]);
    ready = message;
    if (before === undefined || before === JSON.stringify([message.redis, message.clickhouse])) return;
    for (const listener of listeners) listener();
  }

  async function connect(): Promise<void> {
    const lingerMs = options.lingerMs ?? LINGER_MS;
    const deadlineMs = Date.now() + OPEN_TIMEOUT_MS;
    const listener: KeeperListener = {
      ready: become,
      trouble: ({ engine, message }) => options.log?.warn({ engine, reason: message }, 'embedded engine in trouble'),
      lost: () => {
        reconnecting = reconnect();
      },
    };
    link = await connectKeeper(sidecarPaths(options.dataDir), wanted, lingerMs, deadlineMs, listener, abort.signal);
  }

  async function reconnect(): Promise<void> {
    link = undefined;
    options.log?.warn({}, 'the keeper of the embedded engines is gone; connecting to a new one');
    while (!abort.signal.aborted && link === undefined) {
      try {
        await connect();
      } catch (error) {
        if (abort.signal.aborted) return;
        options.log?.warn({ reason: (error as Error).message }, 'the embedded engines are not back yet');
        await pause(RESTART_PAUSE_MS_MAX, abort.signal);
      }
    }
  }

  if (wanted.length > 0) await connect();
  return {
    get redis() {
      return external.redis ?? (ready?.redis as RedisCoordinates);
    },
    get clickhouse() {
      return external.clickhouse ?? (ready?.clickhouse as ClickhouseCoordinates);
    },
    get pids() {
      return ready === undefined ? {} : { keeper: ready.keeperPid, ...ready.pids };
    },
    onChanged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      abort.abort(new TransientError('engines-closed', 'The engines were closed.'));
      listeners.clear();
      await reconnecting;
      await link?.close();
    },
  };
}

/** Splits user and password off a ClickHouse URL; one that names none is ClickHouse's own `default` without password. */
export function parseClickhouseUrl(text: string): ClickhouseCoordinates {
  const url = URL.parse(text);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    const message = 'CLICKHOUSE_URL is no URL of an HTTP interface; write it as http://user:password@host:8123.';
    throw new PermanentError('invalid-url', message, { field: 'CLICKHOUSE_URL' });
  }
  const username = decodeURIComponent(url.username) || 'default';
  const password = decodeURIComponent(url.password);
  url.username = '';
  url.password = '';
  return { url: url.href, username, password, readerUsername: username, readerPassword: password };
}
