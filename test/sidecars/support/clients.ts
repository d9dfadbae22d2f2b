/** Small clients for tests that kill things: they follow the engines' coordinates and try again until they are told no more. */
import { Redis } from 'ioredis';
import type { Engines } from '../../../runtime/sidecars/open-engines.ts';

/** A Redis client that reconnects by itself, as the program's own do. */
export function redisOf(engines: Engines): Redis {
  if ('url' in engines.redis) throw new Error('expected the embedded Redis');
  const client = new Redis({ ...engines.redis, maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on('error', () => undefined); // expected while the engine is away; commands wait for it
  return client;
}

export type SqlOptions = {
  readonly user?: 'writer' | 'reader';
  readonly password?: string;
  readonly headers?: Record<string, string>;
  readonly query?: Record<string, string>;
  readonly method?: string;
};

/** One statement over HTTP; the body of the answer, and its status. */
export async function ask(
  engines: Engines,
  sql: string | Uint8Array,
  options: SqlOptions = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  const { clickhouse } = engines;
  const user = options.user ?? 'writer';
  const password = options.password ?? (user === 'writer' ? clickhouse.password : clickhouse.readerPassword);
  const url = new URL(clickhouse.url);
  for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.set(name, value);
  const method = options.method ?? 'POST';
  const response = await fetch(url, {
    method,
    headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`, ...options.headers },
    ...(method === 'POST' && { body: sql as Uint8Array<ArrayBuffer> | string }),
  });
  return { status: response.status, text: (await response.text()).trim(), headers: response.headers };
}

/** The text of the answer; throws when it is an error. */
export async function sql(engines: Engines, statement: string): Promise<string> {
  const answer = await ask(engines, statement);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.text;
}
