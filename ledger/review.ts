/**
 * Accounts looked at in pages, without a debit: the typed door to review-accounts.lua, which decides everything.
 * Owns the size of a page and the renewal of lists that are used up: when it resolves, each account has been looked at.
 * Whoever comes first does the work; who comes again, or at the same time, finds nothing to do.
 */
import type { Schedule } from '../core/cycles.ts';
import { TransientError } from '../core/errors.ts';
import { profileVersionOf, renewLists, STATE_NAMES } from './account.ts';
import { fenceArguments, type LedgerContext, sawSequence } from './context.ts';

/** `reset`: cycles that ended, alone; `check`: alerts, limits and forecasts too; `digest`: the mail about last week. */
export type ReviewMode = 'reset' | 'check' | 'digest';

/** Accounts of one call: a reset takes Redis 80–90 µs, so a full page of them is 4 ms in which nobody else is served. */
export const REVIEW_ACCOUNTS_MAX = 50;
/**
 * Calls for one page. A call ends as many cycles or renews what is used up (a year of an account): a full page would have
 * to have been left alone for eighty years.
 */
const CALLS_MAX = 1_000;

export interface ReviewOptions {
  /** Of `check`: so long (ms) before a cycle's end its owner hears of what is left; left out: nothing is told of it. */
  readonly expiringMs?: number;
}

export interface Reviewed {
  /** Accounts that were written. */
  readonly changed: number;
  /** Accounts of which a cycle was ended, and how many cycles that were. */
  readonly reset: number;
  readonly cycles: number;
  /** Accounts whose lists of cycle ends or local days were used up, and were renewed. */
  readonly stale: readonly string[];
  /** Ids that no account has. */
  readonly unknown: readonly string[];
}

/** Looks at up to REVIEW_ACCOUNTS_MAX accounts. Throws FenceError, `amount-out-of-range`, `script-failed`. */
export async function reviewAccounts(
  context: LedgerContext,
  mode: ReviewMode,
  ids: readonly string[],
  { expiringMs = 0 }: ReviewOptions = {},
): Promise<Reviewed> {
  if (ids.length > REVIEW_ACCOUNTS_MAX) throw new RangeError(`A page has ${ids.length} accounts.`);
  const [changed, reset, stale] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const unknown: string[] = [];
  let cycles = 0;
  let open = ids;
  for (let calls = 0; open.length > 0; calls += 1) {
    if (calls === CALLS_MAX) {
      throw new TransientError('account-never-current', `A page of accounts was not current after ${CALLS_MAX} calls.`);
    }
    const { clock, letters, ended } = await callOnce(context, mode, open, expiringMs);
    const [outdated, waiting]: [string[], string[]] = [[], []];
    for (const [i, id] of open.entries()) {
      const letter = letters[i];
      if (ended[i]! > 0) reset.add(id);
      if (ended[i]! > 0 || letter === 'c') changed.add(id);
      cycles += ended[i]!;
      if (letter === 's') outdated.push(id);
      else if (letter === 'w') waiting.push(id);
      else if (letter === 'u') unknown.push(id);
    }
    for (const id of outdated) stale.add(id);
    await renewPage(context, outdated, clock);
    open = [...outdated, ...waiting];
  }
  return { changed: changed.size, reset: reset.size, cycles, stale: [...stale], unknown };
}

async function callOnce(context: LedgerContext, mode: ReviewMode, ids: readonly string[], expiringMs: number) {
  const { keys } = context;
  const reply = (await context.run(
    'reviewAccounts',
    [
      ...[keys.meta, keys.outboxRows, keys.accounts, keys.outboxEvents, keys.mailsDue, keys.midnights],
      ...ids.map((id) => keys.account(id)),
    ],
    [...fenceArguments(context), mode, String(expiringMs), ...ids],
  )) as [string, string, string, string];
  sawSequence(context, Number(reply[1]));
  return { clock: Number(reply[0]), letters: reply[2], ended: reply[3].split(',').map(Number) };
}

const CYCLE_AT = STATE_NAMES.indexOf('cycle') * 8;

/**
 * Gives accounts their next cycle ends and local days. All of a page in two round trips: after a long outage most
 * accounts need it. Whoever changed one of them meanwhile has brought it up to date, and then nothing is written here.
 */
async function renewPage(context: LedgerContext, ids: readonly string[], clock: number): Promise<void> {
  const { redis, keys } = context;
  const read = await Promise.all(ids.map((id) => redis.hmgetBuffer(keys.account(id), 'state', 'schedule')));
  await Promise.all(
    read.map(async ([state, text], i) => {
      if (state == null || text == null) return undefined;
      return renewLists(context, {
        ...{ accountId: ids[i]!, asOf: clock, profileVersion: profileVersionOf(state) },
        ...{ cycle: state.readDoubleLE(CYCLE_AT), schedule: JSON.parse(text.toString()) as Schedule },
      });
    }),
  );
}
