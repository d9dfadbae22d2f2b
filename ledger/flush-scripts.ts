/**
 * The flusher's Lua scripts and the one way to call them. They stand alone: none needs the ledger's prelude.
 * Every one that writes compares the lease, the ledger and the seal first, so a process that was paused and wakes up
 * late can change nothing.
 */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { PermanentError, TransientError } from '../core/errors.ts';
import { FenceError, LeaseLostError } from './scripts.ts';

const NAMES = ['flush-lease', 'flush-seal', 'flush-trim', 'flush-backlog'] as const;
type FlushScript = (typeof NAMES)[number];

/** Runs one script; bulk strings come as text. */
export type RunFlushScript = (name: FlushScript, keys: readonly string[], args: readonly string[]) => Promise<unknown>;

type Defined = Record<string, (...args: (string | number)[]) => Promise<unknown>>;

const defined = new WeakMap<Redis, RunFlushScript>();

/**
 * The runner of a connection; the scripts are defined on it once. It throws LeaseLostError, FenceError, PermanentError
 * and TransientError.
 */
export function defineFlushScripts(redis: Redis): RunFlushScript {
  const known = defined.get(redis);
  if (known !== undefined) return known;
  const run = runner(redis);
  defined.set(redis, run);
  return run;
}

function runner(redis: Redis): RunFlushScript {
  const commands = redis as unknown as Defined;
  for (const name of NAMES) {
    redis.defineCommand(`flowly_${name}`, { lua: readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8') });
  }
  return async (name, keys, args) => {
    try {
      return await commands[`flowly_${name}`]!(keys.length, ...keys, ...args);
    } catch (error) {
      throw flushScriptError(name, error);
    }
  };
}

/** What Redis says when it cannot take a write now, or not yet: worth another try. */
const PASSING = /^(LOADING|BUSY|OOM|MASTERDOWN|READONLY|TRYAGAIN|CLUSTERDOWN|MISCONF|NOREPLICAS|UNKILLABLE)/;
/** Redis's own words are short; the bound keeps a log line one. */
const WORDS_CHARS_MAX = 300;

function flushScriptError(name: FlushScript, error: unknown): Error {
  const words = (error instanceof Error ? error.message : String(error)).slice(0, WORDS_CHARS_MAX);
  if (words.startsWith('LEASE '))
    return new LeaseLostError('flush-lease-lost', 'Another flusher has this partition now.');
  if (words.startsWith('FENCE ')) {
    return new FenceError('ledger-is-another', `${words.slice('FENCE '.length)}. Nothing of it was flushed.`);
  }
  if (words.startsWith('SEAL ')) {
    return new PermanentError('flush-seal-mismatch', `Redis refused ${name}: ${words.slice('SEAL '.length)}.`);
  }
  const isReply = error instanceof Error && error.name === 'ReplyError';
  if (isReply && !PASSING.test(words))
    return new PermanentError('script-failed', `The script ${name} failed: ${words}`);
  return new TransientError('redis-unavailable', `Redis did not answer ${name}: ${words}`);
}
