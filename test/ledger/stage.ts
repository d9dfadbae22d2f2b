/**
 * A real ledger on a clock of its own, and what tests ask of it beside its balances: every key as Redis dumps it, the
 * lines of its outbox, its counters; and a way to let a script's reply, or the script itself, fail.
 */
import type { Redis } from 'ioredis';
import { type FlowlyError, PermanentError, TransientError } from '../../core/errors.ts';
import type { PriceBook } from '../../core/price.ts';
import type { UsageEvent } from '../../core/types.ts';
import type { CommandSettings } from '../../ledger/commit-command.ts';
import type { LineField } from '../../ledger/outbox.ts';
import { Profiles } from '../../ledger/profiles.ts';
import type { ScriptName } from '../../ledger/scripts.ts';
import { commandCodec } from '../../workers/accounts/command-codec.ts';
import type { CommitGroupOptions } from '../../workers/usage/commit-group.ts';
import { freshTag } from '../support/engines.ts';
import { RealLedger } from './real-ledger.ts';
import { BOOK, START_MS } from './samples.ts';

/** For commits of commands alone: nothing is charged, and what is refused is let go. */
export const COMMAND_SETTINGS: CommandSettings = {
  codec: commandCodec,
  charges: { find: async () => undefined },
  setAside: async () => undefined,
};

/** A fresh ledger at `START_MS`. */
export function openStage(redis: Redis, book: PriceBook = BOOK, clock = START_MS): Promise<RealLedger> {
  return RealLedger.open(redis, freshTag(), clock, book);
}

/** The letters of events sent in one group; what is not accepted comes with its reason. */
export async function outcomes(
  real: RealLedger,
  events: readonly UsageEvent[],
  queuedAt = START_MS,
): Promise<string[]> {
  const told = await real.events(events.map((event) => ({ event, queuedAt })));
  return told.map((one) => ('reason' in one ? `${one.outcome} ${one.reason}` : one.outcome));
}

/** The lines of one field over the whole outbox, parsed where they are JSON. */
export async function lines(real: RealLedger, field: LineField): Promise<Record<string, unknown>[]> {
  const { redis, keys } = real.context;
  const stream = await redis.xrange(keys.outboxRows, '-', '+');
  return stream.flatMap(([, fields]) => {
    const at = fields.indexOf(field);
    return at < 0 ? [] : fields[at + 1]!.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  });
}

/** Every key of the ledger with its bytes as Redis dumps them: equal when nothing was written. */
export async function dump(real: RealLedger): Promise<Record<string, string>> {
  const { redis, keys } = real.context;
  const names = (await redis.keys(`${keys.tag.replaceAll(/[[\]]/g, '\\$&')}:*`)).sort();
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await content(redis, name)])));
}

/** A hash's fields have no order of their own: Redis moves them while nobody writes. */
async function content(redis: Redis, name: string): Promise<string> {
  if ((await redis.type(name)) !== 'hash') return (await redis.dumpBuffer(name))?.toString('base64') ?? '';
  const fields = Object.entries(await redis.hgetallBuffer(name));
  return JSON.stringify(fields.map(([field, value]) => [field, value.toString('base64')]).sort());
}

/** accepted, duplicates, dead, parked and remembered, as meta counts them. */
export async function counts(real: RealLedger): Promise<Record<string, number>> {
  const all = await real.counters();
  return Object.fromEntries(
    ['accepted', 'duplicates', 'dead', 'parked', 'remembered'].map((name) => [name, Number(all[name] ?? 0)]),
  );
}

/** The ledger as a process of another price book sees it. */
export const withBook = (real: RealLedger, book: PriceBook): CommitGroupOptions => ({
  ...real.options,
  encoder: { book, keys: real.context.keys, profiles: new Profiles(real.context) },
});

/** Lists of parked events and commands that hold something. */
export const listsLeft = (real: RealLedger): Promise<string[]> =>
  real.context.redis.zrange(real.context.keys.parkedIndex, '0', '-1');

export type Fault = 'reply lost' | 'unavailable' | 'refused';

/** The same ledger over a connection on which the n-th call (from 1) of a script goes wrong, once. */
export function faulty<Options extends CommitGroupOptions>(
  options: Options,
  script: ScriptName,
  fault: Fault,
  nth = 1,
): { readonly options: Options; readonly retries: FlowlyError[] } {
  const retries: FlowlyError[] = [];
  const { context } = options;
  let calls = 0;
  const run: typeof context.run = async (name, keys, args) => {
    if (name !== script) return context.run(name, keys, args);
    calls += 1;
    if (calls !== nth) return context.run(name, keys, args);
    if (fault === 'reply lost') await context.run(name, keys, args);
    if (fault === 'refused') throw new PermanentError('script-failed', 'the test made this script fail');
    throw new TransientError('redis-unavailable', 'the test cut the connection');
  };
  const broken = { ...context, run };
  return {
    retries,
    options: {
      ...options,
      context: broken,
      encoder: { ...options.encoder, profiles: new Profiles(broken) },
      onRetry: (error) => {
        retries.push(error);
      },
    },
  };
}
