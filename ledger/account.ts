/**
 * An account as the ledger holds it, read up to date to the clock (contract rule 4).
 * Owns the lists of next cycle ends and local days that the scripts cannot compute; they are renewed here when used up.
 */
import { type Schedule, upcomingEnds } from '../core/cycles.ts';
import { TransientError } from '../core/errors.ts';
import { upcomingDays } from '../core/local-days.ts';
import { fenceArguments, type LedgerContext } from './context.ts';

/** Cycle ends an account's hash carries: a year without a visit needs no renewal. */
export const ENDS_KEPT = 13;
/** Local days it carries: today and the two after it. */
export const DAYS_KEPT = 3;
/** Renewals in one read: each brings a year of missed cycles up to date. */
const RENEWALS_MAX = 200;

/** Amounts in µcr, times in ms. */
export interface AccountState {
  readonly accountId: string;
  readonly asOf: number;
  readonly profileVersion: number;
  readonly closed: boolean;
  readonly schedule: Schedule;
  readonly profile: AccountProfile;
  readonly cycle: number;
  readonly start: number;
  readonly stop: number;
  readonly today: number;
  readonly planMicros: number;
  readonly granted: number;
  readonly monthly: number;
  readonly bonus: number;
  readonly uncovered: number;
  /** Lifetime counts of accepted events and their cost. */
  readonly events: number;
  readonly cost: number;
  /** The last commit that changed this account. */
  readonly sequence: number;
}

/** What the platform said of an account, last applied. */
export interface AccountProfile {
  readonly email: string;
  readonly name?: string;
  readonly locale?: string;
  readonly recipients?: readonly string[];
  readonly timeZone: string;
  readonly anchor: string;
  readonly planId: string;
}

/** Reads an account brought up to date to the ledger's clock; with `account` undefined when it is not known. */
export async function readAccount(
  context: LedgerContext,
  accountId: string,
): Promise<{ clock: number; account: AccountState | undefined }> {
  const { keys } = context;
  for (let renewals = 0; renewals < RENEWALS_MAX; renewals += 1) {
    const reply = (await context.run(
      'readAccount',
      [
        ...[keys.meta, keys.outboxRows, keys.accounts, keys.account(accountId)],
        ...[keys.outboxEvents, keys.mailsDue, keys.midnights],
      ],
      [...fenceArguments(context), accountId],
    )) as string[];
    const clock = Number(reply[0]);
    if (reply.length === 1) return { clock, account: undefined };
    const account = decodeAccount(accountId, clock, reply);
    if (reply[1] === '0') return { clock, account };
    await renewLists(context, account);
  }
  throw new TransientError(
    'account-never-current',
    `Account ${accountId} did not become current after ${RENEWALS_MAX} renewals.`,
  );
}

/** The lists for an account's hash: ends after the running cycle's, today, the start of tomorrow, the days after. */
export function horizon(
  schedule: Schedule,
  cycle: number,
  clock: number,
): { ends: string; today: number; tomorrow: number; days: string } {
  const ends = upcomingEnds(schedule, cycle + 1, ENDS_KEPT - 1).join(',');
  const days = upcomingDays(schedule, clock, DAYS_KEPT + 1);
  const later = days.slice(1, DAYS_KEPT).map((d, i) => `${d.day}:${days[i + 2]!.startMs}`);
  return { ends, today: days[0]!.day, tomorrow: days[1]!.startMs, days: later.join(',') };
}

/** Whose lists are renewed, as it was read: where it has moved on since, nothing is written. */
export type Outdated = Pick<AccountState, 'accountId' | 'profileVersion' | 'cycle' | 'schedule' | 'asOf'>;

/** Gives an account its next cycle ends and local days, as of `asOf`. */
export async function renewLists(context: LedgerContext, account: Outdated): Promise<void> {
  const { ends, today, tomorrow, days } = horizon(account.schedule, account.cycle, account.asOf);
  await context.run(
    'refreshAccount',
    [context.keys.meta, context.keys.account(account.accountId)],
    [
      ...fenceArguments(context),
      String(account.profileVersion),
      String(account.cycle),
      ends,
      `${today}:${tomorrow},${days}`,
    ],
  );
}

/** Names of the first numbers in an account's `state`, in the order of ledger/lua/account.lua; the rest is the scripts'. */
export const STATE_NAMES = [
  'v',
  'closed',
  'plan',
  'cycle',
  'start',
  'stop',
  'today',
  'tomorrow',
  'granted',
  'monthly',
  'bonus',
  'uncovered',
  'left',
  'before',
  'events',
  'cost',
  'sequence',
] as const;

/** The profile version in a packed `state`, its first number. */
export function profileVersionOf(state: Buffer): number {
  return state.readDoubleLE(0);
}

function decodeAccount(accountId: string, asOf: number, reply: readonly string[]): AccountState {
  const number = (name: (typeof STATE_NAMES)[number]): number => Number(reply[4 + STATE_NAMES.indexOf(name)]);
  return {
    accountId,
    asOf,
    profileVersion: number('v'),
    closed: number('closed') === 1,
    schedule: JSON.parse(reply[2]!) as Schedule,
    profile: JSON.parse(reply[3]!) as AccountProfile,
    cycle: number('cycle'),
    start: number('start'),
    stop: number('stop'),
    today: number('today'),
    planMicros: number('plan'),
    granted: number('granted'),
    monthly: number('monthly'),
    bonus: number('bonus'),
    uncovered: number('uncovered'),
    events: number('events'),
    cost: number('cost'),
    sequence: number('sequence'),
  };
}
