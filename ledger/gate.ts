/**
 * The gate as platforms ask it (contract rule 10): one read-only call to Redis, decided by `core/gate.ts` on the facts
 * of an account that is up to date to the ledger's clock. That call is a plain read while no boundary of the account is
 * near (gate-clock.ts), else a script that goes by Redis's own clock: both see the same facts.
 * Invariant: what costs nothing is allowed without asking Redis, so it is never blocked, not even by a Redis that is away.
 */
import type { Redis } from 'ioredis';
import { type Clock, systemClock } from '../core/clock.ts';
import { limitState } from '../core/daily-limits.ts';
import { PermanentError, TransientError } from '../core/errors.ts';
import { gate as decide, type GateAnswer, type GateFacts } from '../core/gate.ts';
import { knownKeys } from '../core/options.ts';
import { findPrice, isFree, type PriceBook } from '../core/price.ts';
import type { KeySource } from '../core/types.ts';
import { loadPriceBook } from '../schema/price-book.ts';
import { isId } from '../schema/text.ts';
import { readAccount } from './account.ts';
import { ledgerContext } from './context.ts';
import { GateClock } from './gate-clock.ts';
import { type LedgerKeys, ledgerKeys, partitionTag } from './keys.ts';
import { defineScripts, type RunScript, redisError } from './scripts.ts';

/** Renewals of one check: one makes an account current, a second is needed only when a day ends right after it. */
const RENEWALS_MAX = 3;

export interface GateOptions {
  /** The platform's own connection; the gate only sends commands on it and never closes it. */
  readonly redis: Redis;
  /** Hash tag of the partition, as BullMQ's `prefix`; left out: `{flowly-0}`. */
  readonly prefix?: string | undefined;
  /** Which models are free; left out: the book of the package. Give it when the service runs with `PRICE_BOOK`. */
  readonly priceBook?: PriceBook | undefined;
  /** Chooses the price version in force; left out: the machine's clock. Balances go by the ledger's clock, always. */
  readonly clock?: Clock | undefined;
}

const OPTIONS = ['redis', 'prefix', 'priceBook', 'clock'] as const;
const CALL = ['accountId', 'serverId', 'keySource', 'model'] as const;

/** The call that is about to be made. `model` is the one it would use, if it is known already. */
export interface GateCall {
  readonly accountId: string;
  readonly serverId: string;
  /** Left out: `platform`. */
  readonly keySource?: KeySource | undefined;
  readonly model?: string | undefined;
}

export interface Gate {
  /**
   * May this server make a call now? Rejects with PermanentError `invalid` (its `field` says which) for a call that
   * nothing can be asked about, and with TransientError when Redis does not answer: whether to go on then is the
   * platform's choice.
   */
  check(call: GateCall): Promise<GateAnswer>;
}

/** Opens the gate on a connection. Throws PermanentError `invalid` with the option's name. */
export function createGate(options: GateOptions): Gate {
  const { redis, prefix, priceBook, clock = systemClock } = knownKeys('createGate', options, OPTIONS);
  if (typeof (redis as Partial<Redis> | undefined)?.defineCommand !== 'function') {
    throw new PermanentError('invalid', 'redis must be a connection of ioredis: new Redis(…).', { field: 'redis' });
  }
  const keys = ledgerKeys(prefix ?? partitionTag(0));
  const run = defineScripts(redis);
  const known = new GateClock();
  let loading: Promise<PriceBook> | undefined;
  const book = (): PriceBook | Promise<PriceBook> => {
    if (priceBook !== undefined) return priceBook;
    loading ??= loadPriceBook();
    return loading;
  };
  return {
    async check(call) {
      const { accountId, serverId, keySource = 'platform', model } = checked(call);
      const price = model === undefined ? undefined : findPrice(await book(), model, clock())?.price;
      const free = { keySource, freeModel: price !== undefined && isFree(price) };
      const answer = decide({ ...free, account: undefined });
      if (answer.allow) return answer;
      return decide({ ...free, account: await readFacts({ redis, keys, run, known }, accountId, serverId) });
    },
  };
}

interface Door {
  readonly redis: Redis;
  readonly keys: LedgerKeys;
  readonly run: RunScript;
  readonly known: GateClock;
}

/** What the decision needs of the account; undefined when it is not known. */
async function readFacts(door: Door, accountId: string, serverId: string): Promise<GateFacts['account']> {
  const { redis, keys, run, known } = door;
  if (known.expects(accountId)) {
    const facts = plainFacts(known, await readState(door, accountId, serverId));
    if (facts !== 'ended') return facts;
  }
  for (let renewals = 0; renewals <= RENEWALS_MAX; renewals += 1) {
    const reply = (await run('gate', [keys.meta, keys.account(accountId)], [`s:${serverId}`])) as number[];
    if (reply.length === 0) return undefined;
    const [isStale, closed, remaining, used, limit, clock, until] = reply as [0 | 1, ...Six];
    if (isStale === 0) {
      known.learn(accountId, clock, until);
      return factsOf(closed, remaining, used, limit);
    }
    await renew(redis, keys, run, accountId);
  }
  throw new TransientError(
    'account-never-current',
    `Account ${accountId} did not become current after ${RENEWALS_MAX} renewals.`,
  );
}

type Six = [number, number, number, number, number, number];

/** The account's packed state and its server's record; null where there is none. */
async function readState({ redis, keys }: Door, accountId: string, serverId: string): Promise<(Buffer | null)[]> {
  try {
    return await redis.hmgetBuffer(keys.account(accountId), 'state', `s:${serverId}`);
  } catch (error) {
    throw redisError('the read of a gate check', error);
  }
}

/** Places of the numbers that ledger/lua/gate.lua reads, in bytes: of account.lua's state and server-day.lua's record. */
const [CLOSED, STOP, TODAY, TOMORROW, MONTHLY, BONUS] = [8, 40, 48, 56, 72, 80] as const;
const [DAY, USED, NEXT, LIMIT] = [0, 8, 16, 24] as const;

/** What ledger/lua/gate.lua says of an account whose cycle and local day still run; `ended` of any other. */
function plainFacts(
  known: GateClock,
  [state, server]: readonly (Buffer | null | undefined)[],
): GateFacts['account'] | 'ended' {
  if (state == null) return undefined;
  if (state.readDoubleLE(CLOSED) === 1) return factsOf(1, 0, 0, NO_LIMIT);
  if (!known.isBefore(Math.min(state.readDoubleLE(STOP), state.readDoubleLE(TOMORROW)))) return 'ended';
  const remaining = state.readDoubleLE(MONTHLY) + state.readDoubleLE(BONUS);
  if (server == null) return factsOf(0, remaining, 0, NO_LIMIT);
  return factsOf(0, remaining, usedOn(state.readDoubleLE(TODAY), server), server.readDoubleLE(LIMIT));
}

/** What the server's events of a day cost, as server-day.lua reads it: its record is of the day, or of the one before. */
function usedOn(today: number, server: Buffer): number {
  const day = server.readDoubleLE(DAY);
  if (day === today) return server.readDoubleLE(USED);
  return day + 1 === today ? server.readDoubleLE(NEXT) : 0;
}

const NO_LIMIT = -1;

function factsOf(closed: number, remaining: number, used: number, limit: number): GateFacts['account'] {
  const dailyCredits = limit < 0 ? undefined : BigInt(limit);
  const { limited } = limitState({ dailyCredits, warnAtPercent: undefined }, BigInt(used));
  return { closed: closed === 1, remaining, limited };
}

/** Brings the account up to date for good: rare, for its lists reach a year and two days ahead of its last change. */
async function renew(redis: Redis, keys: LedgerKeys, run: RunScript, accountId: string): Promise<void> {
  const ledgerId = (await redis.hget(keys.meta, 'id')) ?? '';
  await readAccount(ledgerContext(redis, keys, ledgerId, run), accountId);
}

/** A typo in what is asked must not look like an account that nobody knows. */
function checked(call: GateCall): GateCall {
  const { accountId, serverId, keySource, model } = knownKeys('A gate check', call, CALL);
  if (!isIdText(accountId)) throw invalid('accountId', ACCEPTED_ID);
  if (!isIdText(serverId)) throw invalid('serverId', ACCEPTED_ID);
  if (model !== undefined && !isIdText(model)) throw invalid('model', ACCEPTED_ID);
  if (keySource !== undefined && keySource !== 'platform' && keySource !== 'byok')
    throw invalid('keySource', '"platform" or "byok"');
  return call;
}

function isIdText(value: unknown): boolean {
  return typeof value === 'string' && isId(value);
}

const ACCEPTED_ID = '1 to 128 characters of A–Z a–z 0–9 . _ : @ / + -';

function invalid(field: string, accepted: string): PermanentError {
  return new PermanentError('invalid', `${field} of a gate check must be ${accepted}.`, { field });
}
