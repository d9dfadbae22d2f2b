/**
 * One script told to the model and written down as lines: each read comes with what the model answers, as the command
 * of that name would print it.
 */
import { formatCredits } from '../../../core/money.ts';
import type { PriceBook } from '../../../core/price.ts';
import type { AccountCommand, KeySource, UsageEvent } from '../../../core/types.ts';
import {
  applyCommand,
  applyEvent,
  type Bucket,
  type Charge,
  createModel,
  type Model,
  readBalance,
  readGate,
  readLedger,
  readUsage,
  sendMails,
  type UsageKey,
  upToDate,
} from '../../model/index.ts';
import { comparable, folded } from '../ledger-lines.ts';
import {
  expectedAlerts,
  expectedMails,
  expectedPlatformEvents,
  toldAlerts,
  toldMails,
  toldPlatformEvents,
} from './told.ts';

/** One line of the script, at its time; a read with the model's answer, and how the program's is compared with it. */
export interface ToldLine {
  readonly clock: number;
  readonly line: object;
  readonly read?: { readonly expected: unknown; readonly comparable: (answer: never) => unknown };
}

export type ReadDraft =
  | { readonly read: 'balance'; readonly account: string }
  | {
      readonly read: 'gate';
      readonly account: string;
      readonly server: string;
      readonly keySource?: KeySource | undefined;
      readonly model?: string | undefined;
    }
  | { readonly read: 'ledger'; readonly account: string; readonly events: boolean; readonly cycle?: number | undefined }
  | {
      readonly read: 'usage';
      readonly account: string;
      readonly by: readonly UsageKey[];
      readonly bucket?: Bucket | undefined;
      readonly timeZone?: string | undefined;
      readonly server?: string | undefined;
      /** ms before the clock. */
      readonly fromAgo?: number | undefined;
    }
  | { readonly read: 'explain'; readonly account: string; readonly event: string }
  | { readonly read: 'alerts' | 'mails' | 'platform-events'; readonly account: string };

const UNKNOWN = { error: 'unknown-account' };
const same = (answer: unknown): unknown => answer;
const iso = (ms: number): string => new Date(ms).toISOString();
const DAY_MS = 86_400_000;

export class Teller {
  readonly model: Model;
  readonly lines: ToldLine[] = [];
  clock: number;
  private readonly suffix: string;

  /** Account ids end with `suffix`, so that many scripts go into one file. */
  constructor(book: PriceBook, startMs: number, suffix: string) {
    this.model = createModel({ book });
    this.clock = startMs;
    this.suffix = suffix;
  }

  own(accountId: string): string {
    return accountId + this.suffix;
  }

  event(event: UsageEvent): void {
    const own = { ...event, accountId: this.own(event.accountId) };
    const { outcome } = applyEvent(this.model, own, { clock: this.clock, queuedAt: this.clock });
    if (outcome === 'accepted') sendMails(this.model, own.accountId);
    this.write({ ...own, attributes: Object.fromEntries(own.attributes) });
  }

  command(command: AccountCommand): void {
    const own = { ...command, accountId: this.own(command.accountId) };
    applyCommand(this.model, own, { clock: this.clock, queuedAt: this.clock });
    upToDate(this.model, own.accountId, this.clock); // a duplicate brings the program's account there, too
    sendMails(this.model, own.accountId);
    this.write(JSON.parse(JSON.stringify(own, creditsAsText)) as object);
  }

  read(draft: ReadDraft): void {
    const { expected, comparable: compare, line } = this.answer(draft);
    this.lines.push({ clock: this.clock, line, read: { expected, comparable: compare } });
  }

  private write(line: object): void {
    this.lines.push({ clock: this.clock, line });
  }

  private answer(draft: ReadDraft): {
    line: object;
    expected: unknown;
    comparable: (answer: never) => unknown;
  } {
    const { model, clock } = this;
    const account = this.own(draft.account);
    const line = { ...draft, account };
    const known = upToDate(model, account, clock) !== undefined;
    if (draft.read !== 'gate') sendMails(model, account); // the gate decides nothing, it only looks
    const failure = {
      line,
      expected: UNKNOWN,
      comparable: ({ error }: { error?: { code: string } }) => ({ error: error?.code }),
    };
    switch (draft.read) {
      case 'balance':
        return known ? { line, expected: readBalance(model, account, clock), comparable: same } : failure;
      case 'gate': {
        const { server: serverId, keySource, model: named } = draft;
        const call = definedOf({ accountId: account, serverId, keySource, model: named });
        return { line, expected: readGate(model, call, clock), comparable: same };
      }
      case 'ledger': {
        if (!known) return failure;
        const lines = readLedger(model, account, clock)!.map(comparable);
        const wanted = (draft.events ? lines : folded(lines)).filter(
          ({ cycle }) => draft.cycle === undefined || cycle === draft.cycle,
        );
        const asText = wanted.map((one) => ({
          ...one,
          ...Object.fromEntries(AMOUNTS.map((name) => [name, formatCredits(one[name])])),
        }));
        return {
          line,
          expected: asText,
          comparable: (answer: Parameters<typeof comparable>[0][]) => answer.map(comparable),
        };
      }
      case 'usage': {
        const { by, bucket, timeZone, server, fromAgo } = draft;
        const from = fromAgo === undefined ? undefined : clock - fromAgo;
        const asked = { read: 'usage', account, by, bucket, timeZone, server, from };
        if (!known) return { ...failure, line: asked };
        const query = definedOf({ accountId: account, by, bucket, timeZone, from, serverId: server });
        return { line: asked, expected: sorted(readUsage(model, query, clock)), comparable: sorted };
      }
      case 'alerts':
        if (!known) return failure;
        return { line, expected: expectedAlerts(model, account, clock), comparable: toldAlerts };
      case 'mails':
        if (!known) return failure;
        return { line, expected: expectedMails(model, account, clock), comparable: toldMails };
      case 'platform-events':
        if (!known) return failure;
        return { line, expected: expectedPlatformEvents(model, account, clock), comparable: toldPlatformEvents };
      case 'explain':
        return { line, expected: this.explained(account, draft.event), comparable: explainedOf };
    }
  }

  private explained(accountId: string, id: string): unknown {
    const charge = this.model.accounts.get(accountId)?.charges.find(({ event }) => event.id === id);
    const parked = this.model.parked.find(
      (one) => one.kind === 'event' && one.event.accountId === accountId && one.event.id === id,
    );
    const letters = [...this.model.deadLetters.values()].filter(
      (one) => one.kind === 'event' && one.accountId === accountId && one.id === id,
    );
    const found = charge
      ? charge.voided
        ? 'voided'
        : 'accepted'
      : parked
        ? 'parked'
        : letters.length > 0
          ? 'dead-letter'
          : 'unknown';
    return {
      outcome: found,
      charge: charge && {
        ...{ serverId: charge.event.serverId, model: charge.model, modelSent: charge.event.model },
        ...{ keySource: charge.event.keySource, occurredAt: iso(charge.event.occurredAt) },
        localDay: iso(charge.localDay * DAY_MS).slice(0, 10),
        ...{ cycle: charge.cycle, payingCycle: charge.payingCycle, priceVersion: charge.version },
        // One that was voided before it came cost nothing.
        credits: formatCredits(charge.voided && paidOf(charge) === 0n ? 0n : charge.cost),
        split: {
          previousCycle: formatCredits(charge.fromPrevious),
          monthly: formatCredits(charge.fromMonthly),
          bonus: formatCredits(charge.fromBonus),
          uncovered: formatCredits(charge.uncovered),
        },
        after: { monthly: formatCredits(charge.monthlyAfter), bonus: formatCredits(charge.bonusAfter) },
        committedAt: iso(charge.at),
      },
      parked: found === 'parked' ? { reason: parked!.reason, at: iso(parked!.at.clock) } : undefined,
      deadLetters: letters.map(({ reason }) => reason).sort(),
    };
  }
}

const paidOf = ({ fromPrevious, fromMonthly, fromBonus, uncovered }: Charge): bigint =>
  fromPrevious + fromMonthly + fromBonus + uncovered;

/** The same of the program's answer. */
function explainedOf(answer: {
  outcome: string;
  charge: Record<string, unknown> | null;
  parked: { reason: string; at: string } | null;
  deadLetters: { reason: string }[];
}): unknown {
  const { outcome, charge, parked, deadLetters } = answer;
  return {
    outcome,
    charge: charge === null ? undefined : pick(charge, CHARGE_FIELDS),
    parked: outcome === 'parked' && parked !== null ? { reason: parked.reason, at: parked.at } : undefined,
    deadLetters: deadLetters.map(({ reason }) => reason).sort(),
  };
}

const AMOUNTS = ['monthly', 'bonus', 'uncovered', 'monthlyAfter', 'bonusAfter', 'uncoveredAfter'] as const;
const CHARGE_FIELDS = [
  ...['serverId', 'model', 'modelSent', 'keySource', 'occurredAt', 'localDay', 'cycle', 'payingCycle'],
  ...['priceVersion', 'credits', 'split', 'after', 'committedAt'],
];

const pick = (from: Record<string, unknown>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, from[name]]));

const sorted = (rows: readonly object[]): object[] =>
  rows
    .map((row) => [JSON.stringify(Object.entries(row).sort()), row] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => row);

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** Fields that are undefined left out. */
function definedOf<T extends object>(from: T): Defined<T> {
  return Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)) as Defined<T>;
}

const creditsAsText = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? formatCredits(value) : value;
