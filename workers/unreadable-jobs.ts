/**
 * Jobs whose data or options are no JSON: BullMQ cannot hand them to anybody, and would try again for ever. Their text
 * is put inside a JSON object that every handler refuses, so that the job is taken like any other and becomes a dead
 * letter. Only a producer that writes to Redis by itself, or serializes NaN, makes such jobs.
 */
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** A Queue or a Worker, as far as its keys go. */
type QueueKeys = { readonly name: string; toKey(part: string): string };

/** Characters of the text that are kept for the dead letter. */
const KEPT_CHARS_MAX = 65_536;

/** What a worker does about jobs that BullMQ could not parse: mends them, one look at a time. */
export function unreadableMender(queue: QueueKeys, redis: Redis, log: Logger): () => void {
  let looking = false;
  return () => {
    if (looking) return;
    looking = true;
    mendUnreadable(queue, redis, log)
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : 'unknown';
        log.warn({ event: 'unreadable-retry', queue: queue.name, reason }, 'the next try of the job looks again');
      })
      .finally(() => {
        looking = false;
      });
  };
}

/** Mends the unreadable jobs among those in hand (BullMQ calls them active). Resolves to how many there were. */
export async function mendUnreadable(queue: QueueKeys, redis: Redis, log: Logger): Promise<number> {
  let mended = 0;
  for (const id of await redis.lrange(queue.toKey('active'), 0, -1)) {
    const key = queue.toKey(id);
    const [data, opts] = await redis.hmget(key, 'data', 'opts');
    const fields: string[] = [];
    if (data != null && !isJson(data)) {
      fields.push('data', JSON.stringify({ unreadable: data.slice(0, KEPT_CHARS_MAX).toWellFormed() }));
    }
    if (opts != null && !isJson(opts)) fields.push('opts', '{}');
    if (fields.length === 0) continue;
    await redis.hset(key, ...fields);
    mended += 1;
    log.warn({ event: 'job-unreadable', queue: queue.name, jobId: id }, 'a job is no JSON: it will be set aside');
  }
  return mended;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
