/**
 * The Lua scripts of the ledger: which files make up each one, and the one way to call them.
 * A reply error is turned into an error of this program without its arguments: they hold payloads.
 */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { type FlowlyError, PermanentError, TransientError } from '../core/errors.ts';

/** What every commit that may change an account begins with: the account, and what is decided of it. */
const ACCOUNT = ['prelude', 'platform', 'account', 'server-day', 'mails', 'alerts', 'limits', 'watch'] as const;

const FILES = {
  found: ['prelude', 'found'],
  checkFence: ['prelude', 'check-fence'],
  readAccount: [...ACCOUNT, 'read-account'],
  reviewAccounts: [...ACCOUNT, 'review-accounts'],
  readAlerts: [...ACCOUNT, 'read-alerts'],
  refreshAccount: ['prelude', 'account', 'refresh-account'],
  gate: ['gate', 'prelude', 'account', 'server-day', 'gate-ended'],
  commitEvents: [...ACCOUNT, 'seen', 'charge', 'take-back', 'commit-events'],
  commitCommand: [...ACCOUNT, 'seen', 'apply-command', 'apply-void', 'commit-command'],
  mailClaim: ['prelude', 'platform', 'account', 'mails', 'mail-claim'],
  mailMark: ['prelude', 'platform', 'account', 'mails', 'mail-mark'],
  mailConclude: ['prelude', 'platform', 'account', 'mails', 'mail-conclude'],
  relayTrim: ['prelude', 'relay-trim'],
  dedupeSplit: ['prelude', 'dedupe-split'],
  dedupeSweep: ['prelude', 'dedupe-sweep'],
  parkedOverdue: ['prelude', 'parked-overdue'],
} as const;

export type ScriptName = keyof typeof FILES;
export type ScriptArgument = string | Buffer;

/** Runs one script of the ledger; the reply's bulk strings come as text. */
export type RunScript = (
  name: ScriptName,
  keys: readonly string[],
  args: readonly ScriptArgument[],
) => Promise<unknown>;

type Defined = Record<string, (...args: (string | number | Buffer)[]) => Promise<unknown>>;

/** Defines the scripts on a connection (EVALSHA, and EVAL where Redis does not know one yet) and returns their runner. */
export function defineScripts(redis: Redis): RunScript {
  const commands = redis as unknown as Defined;
  for (const [name, files] of Object.entries(FILES)) {
    const lua = files.map((file) => readFileSync(new URL(`./lua/${file}.lua`, import.meta.url), 'utf8')).join('\n');
    redis.defineCommand(`flowly_${name}`, { lua });
  }
  return async (name, keys, args) => {
    try {
      return await commands[`flowly_${name}`]!(keys.length, ...keys, ...args);
    } catch (error) {
      throw redisError(`the script ${name}`, error);
    }
  };
}

/**
 * What Redis says when it cannot take a write now, or not yet: worth another try. Redis 6.2 puts the script and its
 * line before what a command inside of it said.
 */
const PASSING = /(^|: -?)(LOADING|BUSY|OOM|MASTERDOWN|READONLY|TRYAGAIN|CLUSTERDOWN|MISCONF|NOREPLICAS|UNKILLABLE)\b/;

/** What a failed call means: a refusal of Redis stays one however often it is tried, anything else may pass. */
export function redisError(doing: string, error: unknown): FlowlyError {
  const words = error instanceof Error ? error.message : String(error);
  if (words.startsWith('FENCE ')) return fenceError(words.slice('FENCE '.length));
  if (words.startsWith('LEASE ')) return new LeaseLostError('lease-lost', 'Another process has this partition now.');
  if (words.startsWith('RELEASED '))
    return new TransientError('page-released', 'Another worker released this page of parked events.');
  const cut = words.slice(0, WORDS_MAX);
  const amount = /AMOUNT (.*)/.exec(cut);
  if (amount !== null) return new PermanentError('amount-out-of-range', `An amount is too large: ${amount[1]}.`);
  const isReply = error instanceof Error && error.name === 'ReplyError';
  if (isReply && !PASSING.test(cut)) return new PermanentError('script-failed', `Redis refused ${doing}: ${cut}`);
  return new TransientError('redis-unavailable', `Redis did not take ${doing}: ${cut}`);
}

/** Enough for Redis's own words; a script's error never holds a payload, but a bound costs nothing. */
const WORDS_MAX = 300;

/** Another process has the lease now, or Redis forgot it: whoever gets this must stop sending and ask for it again. */
export class LeaseLostError extends TransientError {}

/** The Redis behind the URL is not the one the ledger lives in, or lost its latest commits: nothing may be taken. */
export class FenceError extends PermanentError {}

function fenceError(words: string): FenceError {
  const kind = words.split(':')[0];
  const code = kind === 'back' ? 'ledger-went-back' : kind === 'other' ? 'ledger-is-another' : 'ledger-is-empty';
  return new FenceError(
    code,
    `Redis no longer holds the ledger this service works on (${words}). Nothing was taken. ` +
      'Bring back the right Redis, or restore it from ClickHouse, before starting again.',
  );
}
