/** A balance as the contract prints it: credits as decimal strings, times in UTC. */
import { type BalanceState, balanceState } from '../../core/balance.ts';
import { formatCredits } from '../../core/money.ts';
import type { AccountState } from '../../ledger/account.ts';
import { isoTime } from '../terminal/format.ts';

export interface BalanceShape {
  readonly accountId: string;
  readonly asOf: string;
  readonly monthly: {
    readonly granted: string;
    readonly remaining: string;
    readonly cycle: number;
    readonly start: string;
    readonly end: string;
    /** What the next cycle is granted, where a smaller plan waits for it (rule 6); else not there. */
    readonly pending?: string;
  };
  readonly bonus: { readonly remaining: string };
  /** Of this cycle. */
  readonly uncovered: string;
  readonly total: string;
  readonly state: BalanceState;
}

/** `account` must be up to date to its `asOf`. */
export function balanceShape(account: AccountState): BalanceShape {
  const credits = (micros: number): string => formatCredits(BigInt(micros));
  const waits = !account.closed && account.cycle > 0 && account.planMicros < account.granted;
  const total = BigInt(account.monthly) + BigInt(account.bonus);
  return {
    accountId: account.accountId,
    asOf: isoTime(account.asOf),
    monthly: {
      granted: credits(account.granted),
      remaining: credits(account.monthly),
      cycle: account.cycle,
      start: isoTime(account.start),
      end: isoTime(account.stop),
      ...(waits ? { pending: credits(account.planMicros) } : {}),
    },
    bonus: { remaining: credits(account.bonus) },
    uncovered: credits(account.uncovered),
    total: formatCredits(total),
    state: balanceState({ closed: account.closed, granted: BigInt(account.granted), total }),
  };
}
