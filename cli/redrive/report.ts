/** Adds up what became of dead letters that were redriven: in all, by reason and account, and why those left are left. */
import { formatCredits } from '../../core/money.ts';
import type { Redriven } from '../../workers/redrive/redrive.ts';

/** Kinds of rows that are told apart; what comes after these is counted under OTHER_ACCOUNTS. */
const ROWS_MAX = 10_000;
/** Letters left that are listed one by one; the rows count all of them. */
const LEFT_LISTED_MAX = 1_000;
/** Stands for accounts beyond ROWS_MAX; no id looks like it. */
export const OTHER_ACCOUNTS = '…';

export interface RedriveRow {
  readonly reason: string;
  /** '' where it could not be read. */
  readonly accountId: string;
  readonly letters: number;
  /** What they debit, or would. */
  readonly credits: string;
  /** `redriven`, or `left`. */
  readonly outcome: 'redriven' | 'left';
  /** Why they are left. */
  readonly why: string | null;
}

/** The JSON of `dead-letters redrive`. In a dry run it says what would be. */
export interface RedriveReport {
  readonly dryRun: boolean;
  readonly letters: number;
  readonly redriven: number;
  readonly left: number;
  readonly events: number;
  readonly commands: number;
  /** Debited, and on how many accounts. */
  readonly credits: string;
  readonly accounts: number;
  readonly rows: readonly RedriveRow[];
  readonly lettersLeft: readonly {
    readonly key: string;
    readonly kind: string;
    readonly reason: string;
    readonly accountId: string;
    readonly id: string;
    readonly why: string;
  }[];
}

type Sum = { -readonly [Name in keyof RedriveRow]: RedriveRow[Name] } & { micros: bigint };

export class RedriveCount {
  private readonly rows = new Map<string, Sum>();
  private readonly lettersLeft: RedriveReport['lettersLeft'][number][] = [];
  private readonly accounts = new Set<string>();
  private letters = 0;
  private redriven = 0;
  private events = 0;
  private commands = 0;
  private micros = 0n;

  add(one: Redriven): void {
    const { letter } = one;
    this.letters += 1;
    if (one.outcome === 'left') {
      this.row(letter.reason, letter.accountId, one.why).letters += 1;
      const { key, kind, reason, accountId, id } = letter;
      if (this.lettersLeft.length < LEFT_LISTED_MAX)
        this.lettersLeft.push({ key, kind, reason, accountId, id, why: one.why });
      return;
    }
    this.redriven += 1;
    if (letter.kind === 'command') this.commands += one.outcome === 'duplicate' ? 0 : 1;
    this.events += one.debits.length;
    const row = this.row(letter.reason, letter.accountId, null);
    row.letters += 1;
    for (const { accountId, cost } of one.debits) {
      this.micros += BigInt(cost);
      row.micros += BigInt(cost);
      if (cost > 0) this.accounts.add(accountId);
    }
  }

  report(dryRun: boolean): RedriveReport {
    const { letters, redriven, events, commands, accounts, lettersLeft } = this;
    const rows = [...this.rows.values()].map(({ micros, ...row }) => ({ ...row, credits: formatCredits(micros) }));
    return {
      ...{ dryRun, letters, redriven, left: letters - redriven, events, commands },
      credits: formatCredits(this.micros),
      accounts: accounts.size,
      ...{ rows, lettersLeft },
    };
  }

  private row(reason: string, account: string, why: string | null): Sum {
    const keyOf = (accountId: string): string => JSON.stringify([reason, accountId, why]);
    const isNew = !this.rows.has(keyOf(account));
    const accountId = isNew && this.rows.size >= ROWS_MAX ? OTHER_ACCOUNTS : account;
    let row = this.rows.get(keyOf(accountId));
    if (row === undefined) {
      const outcome = why === null ? 'redriven' : 'left';
      row = { reason, accountId, letters: 0, credits: '0', outcome, why, micros: 0n };
      this.rows.set(keyOf(accountId), row);
    }
    return row;
  }
}
