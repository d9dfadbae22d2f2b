/**
 * The JSON of `explain --mail`: what the mail was decided by, the numbers then, the rule, and what became of it. Pure.
 * Invariant: every number is of the moment of its decision; nothing is read again.
 */
import { formatCredits } from '../../core/money.ts';
import { rearmLevel } from '../../core/thresholds.ts';
import { type AlertWords, alertWords } from '../alerts/shape.ts';
import { alertInSnapshot, crossedIn, type Snapshot, type SnapshotAlert } from '../alerts/snapshot.ts';
import { isoTime } from '../terminal/format.ts';

export interface MailExplainShape {
  readonly accountId: string;
  readonly intentId: string;
  readonly kind: string;
  readonly about: string;
  /** As `alerts` has it. */
  readonly status: string;
  readonly decidedAt: string;
  /** When it is tried next; null when it is not. */
  readonly dueAt: string | null;
  readonly attempts: number;
  readonly cause: CauseShape;
  /** Why there is such a mail, in sentences. */
  readonly rule: string;
  readonly numbers: NumbersShape | null;
  /** What it says was crossed, the most severe first; empty of other mails. */
  readonly alerts: readonly CrossedShape[];
  /** What its kind says beside; null where that is nothing. */
  readonly details: object | null;
  /** Oldest first; the first is its decision. */
  readonly steps: readonly StepShape[];
  readonly supersededBy: SupersededShape | null;
}

export interface CauseShape {
  readonly by: string;
  /** Id of the event or command; '' of a reset or a job. */
  readonly ref: string;
  readonly event: {
    readonly serverId: string;
    readonly model: string;
    readonly credits: string;
    readonly occurredAt: string;
  } | null;
  readonly command: { readonly type: string; readonly at: string } | null;
}

export interface NumbersShape {
  readonly at: string;
  readonly remaining: string;
  readonly monthly: string;
  readonly bonus: string;
  readonly granted: string;
  readonly nextGrant: string;
  readonly uncovered: string;
  readonly cycle: number;
  readonly cycleStart: string;
  readonly cycleEnd: string;
  /** Of complete local days before then; null with under 2 of them. */
  readonly pace: { readonly days: number; readonly credits: string } | null;
}

export type CrossedShape = { readonly id: string; readonly builtIn: boolean } & AlertWords & {
    readonly threshold: string;
    /** With this much or more it is armed again. */
    readonly rearmsAt: string;
  };

export interface StepShape {
  readonly status: string;
  readonly at: string;
  readonly words: string;
  readonly attempts: number;
  readonly sequence: number;
}

/** What happened in the step that took it back. */
export interface SupersededShape {
  readonly at: string;
  readonly sequence: number;
  /** Newer mails. */
  readonly mails: readonly string[];
  /** Its own alerts that were armed again. */
  readonly armed: readonly string[];
  readonly commands: readonly { readonly id: string; readonly type: string }[];
}

const credits = (micros: number): string => formatCredits(BigInt(micros));

export function numbersShape(numbers: Snapshot): NumbersShape {
  const { at, monthly, bonus, granted, plan, uncovered, cycle, start, stop, days, spent } = numbers;
  return {
    at: isoTime(at),
    remaining: credits(monthly + bonus),
    ...{ monthly: credits(monthly), bonus: credits(bonus), granted: credits(granted), nextGrant: credits(plan) },
    ...{ uncovered: credits(uncovered), cycle, cycleStart: isoTime(start), cycleEnd: isoTime(stop) },
    pace: spent < 0 ? null : { days, credits: credits(spent) },
  };
}

export const crossedShapes = (numbers: Snapshot): CrossedShape[] => crossedIn(numbers).map(crossedShape);

function crossedShape(one: SnapshotAlert): CrossedShape {
  const { id, builtIn, threshold } = one;
  return {
    ...{ id, builtIn, ...alertWords(alertInSnapshot(one)), threshold: credits(threshold) },
    rearmsAt: formatCredits(rearmLevel(BigInt(threshold))),
  };
}

export function detailsShape(numbers: Snapshot): object | null {
  const { expired, ended, serverId, used, limit, warn, until, purchase, firstDay } = numbers;
  if (ended !== undefined) {
    const { cycle, start, granted, uncovered } = ended;
    const was = { cycle, start: isoTime(start), granted: credits(granted), uncovered: credits(uncovered) };
    return { expired: credits(expired ?? 0), ended: was };
  }
  if (serverId !== undefined) {
    const warnAtPercent = warn === undefined || warn < 0 ? null : warn;
    return {
      ...{ serverId, used: credits(used ?? 0), limit: credits(limit ?? 0), warnAtPercent },
      until: isoTime(until ?? 0),
    };
  }
  if (purchase !== undefined) {
    const { id, credits: bought, price, reference, purchasedAt } = purchase;
    return { purchaseId: id, credits: credits(bought), price, reference, purchasedAt: isoTime(purchasedAt) };
  }
  return firstDay === undefined ? null : { firstDay: dayText(firstDay) };
}

/** Days since 1970-01-01 as a date. */
export const dayText = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);
