/**
 * A statement: one cycle of an account on a page, made of the ledger's lines. Monthly credits belong to the cycle of
 * their line; bonus credits, which outlive cycles, to the cycle that was running, so that each statement opens with
 * what the one before it closed with. Pure. Invariant: what is added up here is compared with what the ledger says.
 */
import type { LedgerLine } from '../ledger/lines.ts';

/** Amounts in µcr, signed. */
export interface Amounts {
  readonly monthly: bigint;
  readonly bonus: bigint;
  readonly uncovered: bigint;
}

export interface StatementLine extends Amounts {
  readonly kind: string;
  /** When and why; undefined and '' where several entries are one line. */
  readonly at: number | undefined;
  readonly ref: string;
  readonly note: string;
  /** Entries, of usage calls. */
  readonly count: number;
}

/** What a server used of a model, as far as this cycle paid for it. */
export interface StatementUsage extends Amounts {
  readonly serverId: string;
  readonly model: string;
  /** Calls, those that cost nothing included. */
  readonly events: number;
}

export interface Statement {
  readonly accountId: string;
  readonly cycle: number;
  readonly timeZone: string;
  /** When the account was read; ms, as all times here. */
  readonly asOf: number;
  readonly start: number;
  readonly end: number;
  /** The cycle is over: its monthly credits are used or expired. */
  readonly isOver: boolean;
  readonly opening: Amounts;
  readonly lines: readonly StatementLine[];
  readonly closing: Amounts;
  readonly usage: readonly StatementUsage[];
  readonly mismatches: readonly StatementMismatch[];
}

export interface StatementMismatch {
  readonly what: string;
  readonly expected: bigint;
  readonly found: bigint;
}

/** Kinds in the order a statement has them. The first four are listed one by one, the others added up. */
const KINDS = ['opening', 'grant', 'purchase', 'refund', 'usage', 'void', 'expiry-reversed', 'expiry'] as const;
const LISTED = new Set<string>(['opening', 'grant', 'purchase', 'refund']);

/** Differences that are listed: the first ones tell, the others follow from them. */
const MISMATCHES_LISTED_MAX = 50;

/** Collects the lines of a ledger, from its first one on, into the statement of one cycle. */
export class StatementBuilder {
  private readonly cycle: number;
  private readonly lines: StatementLine[] = [];
  private readonly folded = new Map<string, StatementLine>();
  private readonly wrong: StatementMismatch[] = [];
  private monthly = 0n;
  private bonus = 0n;
  private uncovered = 0n;
  private openingBonus = 0n;
  private bonusBefore = 0n;
  /** Cycle of the first line; undefined while there is none. */
  firstCycle: number | undefined;
  start: number | undefined;
  end: number | undefined;

  constructor(cycle: number) {
    this.cycle = cycle;
  }

  add(line: LedgerLine): void {
    this.firstCycle ??= line.running;
    this.noteBoundaries(line);
    if (line.running < this.cycle) this.openingBonus = line.bonusAfter;
    this.same(`bonus after ${name(line)}`, this.bonusBefore + line.bonus, line.bonusAfter);
    this.bonusBefore = line.bonusAfter;
    const isOurs = line.cycle === this.cycle;
    const isNow = line.running === this.cycle;
    if (!isOurs && !isNow) return;
    const amounts = {
      monthly: isOurs ? line.monthly : 0n,
      bonus: isNow ? line.bonus : 0n,
      uncovered: isOurs ? line.uncovered : 0n,
    };
    this.monthly += amounts.monthly;
    this.bonus += amounts.bonus;
    this.uncovered += amounts.uncovered;
    if (isOurs) this.same(`monthly after ${name(line)}`, this.monthly, line.monthlyAfter);
    this.take(line, amounts);
  }

  /** `held`: what Redis has, where the cycle is the running one and all of its history was read. */
  finish(
    facts: Pick<Statement, 'accountId' | 'timeZone' | 'asOf' | 'start' | 'end' | 'isOver'>,
    usage: readonly StatementUsage[],
    held: Amounts | undefined,
  ): Statement {
    const closing = { monthly: this.monthly, bonus: this.openingBonus + this.bonus, uncovered: this.uncovered };
    if (facts.isOver) this.same('monthly credits left of a cycle that is over', 0n, closing.monthly);
    if (held !== undefined) this.sameAmounts('the balance', held, closing);
    const charged = this.folded.get('usage') ?? NONE;
    this.sameAmounts('usage by server and model', charged, negated(totalOf(usage)));
    return {
      ...facts,
      cycle: this.cycle,
      opening: { monthly: 0n, bonus: this.openingBonus, uncovered: 0n },
      lines: [...this.lines, ...this.folded.values()].sort(byKind),
      closing,
      usage,
      mismatches: this.wrong,
    };
  }

  private take({ kind, at, ref, note, events }: LedgerLine, amounts: Amounts): void {
    if (LISTED.has(kind)) {
      this.lines.push({ kind, at, ref, note, count: 1, ...amounts });
      return;
    }
    const before = this.folded.get(kind) ?? { ...NONE, kind, at: undefined, ref: '', note: '', count: 0 };
    this.folded.set(kind, {
      ...before,
      count: before.count + Math.max(events, 1),
      monthly: before.monthly + amounts.monthly,
      bonus: before.bonus + amounts.bonus,
      uncovered: before.uncovered + amounts.uncovered,
    });
  }

  /** A reset's entries say the instant of their boundary. */
  private noteBoundaries({ kind, cycle, note }: LedgerLine): void {
    if (!/^\d+$/.test(note)) return;
    if (kind === 'grant' && cycle === this.cycle) this.start ??= Number(note);
    if (kind === 'expiry' && cycle === this.cycle) this.end = Number(note);
    if (kind === 'grant' && cycle === this.cycle + 1) this.end ??= Number(note);
  }

  private same(what: string, expected: bigint, found: bigint): void {
    if (expected === found || this.wrong.length >= MISMATCHES_LISTED_MAX) return;
    this.wrong.push({ what, expected, found });
  }

  private sameAmounts(what: string, expected: Amounts, found: Amounts): void {
    for (const part of ['monthly', 'bonus', 'uncovered'] as const) {
      this.same(`${part} of ${what}`, expected[part], found[part]);
    }
  }
}

const NONE: Amounts = { monthly: 0n, bonus: 0n, uncovered: 0n };

/** What all of it came to, as costs. */
export function totalOf(amounts: readonly Amounts[]): Amounts {
  return amounts.reduce<Amounts>(
    (sum, one) => ({
      monthly: sum.monthly + one.monthly,
      bonus: sum.bonus + one.bonus,
      uncovered: sum.uncovered + one.uncovered,
    }),
    NONE,
  );
}

/** Usage lowers the balances by what was paid, and raises what is uncovered. */
const negated = ({ monthly, bonus, uncovered }: Amounts): Amounts => ({ monthly: -monthly, bonus: -bonus, uncovered });

const byKind = (a: StatementLine, b: StatementLine): number => placeOf(a.kind) - placeOf(b.kind);

function placeOf(kind: string): number {
  const place = (KINDS as readonly string[]).indexOf(kind);
  return place === -1 ? KINDS.length : place;
}

const name = ({ kind, sequence, index }: LedgerLine): string => `${kind} ${sequence}.${index}`;
