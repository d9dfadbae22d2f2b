/**
 * What an error of ioredis means for events on their way: Redis is away (go on trying), refuses for now (a few tries),
 * or refuses for good. Messages hold Redis's own words, never the command that failed, for it holds the events.
 */
import { type FlowlyError, PermanentError, TransientError } from '../core/errors.ts';

/** Redis's own words are short; the bound keeps a message one line. */
const WORDS_CHARS_MAX = 200;
const LOGIN = /^(?:Ready check failed: )?(WRONGPASS|NOAUTH|NOPERM)/;
/** Redis answers, and takes no writes as it stands: full, a replica, its disk, too few replicas. */
const REFUSES_WRITES = /^(OOM|READONLY|MISCONF|NOREPLICAS)/;
/** Redis is coming up, changing its master or busy: the same as being away. */
const PASSING = /^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|UNKILLABLE)/;

/** `undefined`: Redis is away, or not there yet. */
export function refusalOf(error: unknown): FlowlyError | undefined {
  if (error instanceof PermanentError) return error; // said already, by the connection
  const words = wordsOf(error);
  if (/^OOM/.test(words)) {
    return new TransientError(
      'redis-full',
      `Redis has reached its maxmemory and takes no more jobs (${words}). Send the same events again when it has room.`,
    );
  }
  if (REFUSES_WRITES.test(words)) {
    return new TransientError(
      'redis-refuses-writes',
      `Redis takes no writes now (${words}). Send the same events again.`,
    );
  }
  const login = error instanceof Error ? loginRefusal(error) : undefined;
  if (login !== undefined) return login;
  if (error instanceof Error && error.name === 'ReplyError' && !PASSING.test(words)) {
    return new PermanentError('redis-refused', `Redis refused the job (${words}).`);
  }
  return undefined;
}

/** Redis will not have us with these credentials. */
export function loginRefusal(error: Error): PermanentError | undefined {
  if (!LOGIN.test(error.message)) return undefined;
  return new PermanentError(
    'redis-refused',
    `Redis refused this client (${wordsOf(error)}). Check user, password and permissions of redisUrl or connection.`,
    { field: 'redisUrl' },
  );
}

function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.slice(0, WORDS_CHARS_MAX).replace(/\s+$|\.$/g, '');
}
