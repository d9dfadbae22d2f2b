/**
 * What must come out of the sample, computed by the plain rules of core/ in memory: no queue, no Lua, no database. The
 * demo compares its books with this.
 */
import { formatCredits, MICROS_PER_CREDIT, type Micros, micros } from '../../core/money.ts';
import { type PriceBook, priceEvent } from '../../core/price.ts';
import { split } from '../../core/split.ts';
import type { BalanceShape } from '../shapes/balance.ts';
import type { UsageRow } from '../usage/rows.ts';
import { ACCOUNTS, type Sample } from './sample.ts';

interface Books {
  readonly balances: ReadonlyMap<string, { monthly: Micros; bonus: Micros; uncovered: bigint }>;
  /** Events charged, each once. */
  readonly accepted: number;
  /** By "server model". */
  readonly usage: ReadonlyMap<string, { events: number; cost: bigint }>;
}

/** Charges every event once, in order. */
export function expectedBooks(sample: Sample, book: PriceBook): Books {
  const balances = new Map(
    ACCOUNTS.map(({ id, monthlyCredits, bonusCredits }) => [
      id,
      { monthly: whole(monthlyCredits), bonus: whole(bonusCredits), uncovered: 0n },
    ]),
  );
  const usage = new Map<string, { events: number; cost: bigint }>();
  const seen = new Set<string>();
  for (const { id, accountId, serverId, model, tokens, occurredAt, keySource } of sample.events) {
    if (seen.has(id)) continue;
    seen.add(id);
    const cost = micros(priceEvent(book, model, tokens, occurredAt, keySource)!.cost);
    const balance = balances.get(accountId)!;
    const parts = split(cost, balance.monthly, balance.bonus);
    balance.monthly = micros(balance.monthly - parts.fromMonthly);
    balance.bonus = micros(balance.bonus - parts.fromBonus);
    balance.uncovered += parts.uncovered;
    const row = usage.get(`${serverId} ${model}`) ?? { events: 0, cost: 0n };
    usage.set(`${serverId} ${model}`, { events: row.events + 1, cost: row.cost + cost });
  }
  return { accepted: seen.size, balances, usage };
}

/** What came out: usage is by server and model. */
interface Outcome {
  readonly outcomes: { readonly accepted: number; readonly parked: number; readonly deadLetters: number };
  readonly balances: readonly BalanceShape[];
  readonly usage: readonly UsageRow[];
}

/** Every difference between what came out and what had to, a sentence each. */
export function differences(expected: Books, { outcomes, balances, usage }: Outcome): string[] {
  const found: string[] = [];
  const same = (what: string, want: string, got: string | undefined): void => {
    if (want !== got) found.push(`${what} is ${got ?? 'missing'}, but must be ${want}.`);
  };
  same('The count of accepted events', String(expected.accepted), String(outcomes.accepted));
  same('The count of parked events', '0', String(outcomes.parked));
  same('The count of dead letters', '1', String(outcomes.deadLetters));
  for (const [id, want] of expected.balances) {
    const got = balances.find((one) => one.accountId === id);
    same(`${id}: monthly`, formatCredits(want.monthly), got?.monthly.remaining);
    same(`${id}: bonus`, formatCredits(want.bonus), got?.bonus.remaining);
    same(`${id}: uncovered`, formatCredits(want.uncovered), got?.uncovered);
  }
  const byKey = new Map(usage.map((row) => [`${row.serverId} ${row.model}`, row]));
  for (const [key, want] of expected.usage) {
    same(`usage of ${key}: events`, String(want.events), String(byKey.get(key)?.events));
    same(`usage of ${key}: credits`, formatCredits(want.cost), byKey.get(key)?.credits as string | undefined);
  }
  if (byKey.size !== expected.usage.size)
    found.push(`usage has ${byKey.size} rows, but must have ${expected.usage.size}.`);
  return found;
}

const whole = (credits: number): Micros => micros(BigInt(credits) * MICROS_PER_CREDIT);
