/** What tests of voids share: an account with both kinds of credits, a void, what is left, and the rows so far. */
import type { Redis } from 'ioredis';
import { allEntries, rowsOf } from './outbox-rows.ts';
import type { RealLedger } from './real-ledger.ts';
import { purchase, START_MS, upsert, voidOf } from './samples.ts';
import { openStage } from './stage.ts';

/** An account of 100 µcr a month and 20 bonus. */
export async function openVoidStage(redis: Redis, bonus = 20): Promise<RealLedger> {
  const real = await openStage(redis);
  await real.command(upsert({ monthly: 100 }), START_MS);
  if (bonus > 0) await real.command(purchase({ amount: bonus }), START_MS);
  return real;
}

export async function undo(
  real: RealLedger,
  eventId: string,
  some: { id?: string; accountId?: string } = {},
): Promise<string> {
  const result = await real.command(voidOf(eventId, some), START_MS);
  if (result.outcome === 'dead-letter') return `dead-letter ${result.reason} ${result.field}`;
  return 'detail' in result ? `${result.outcome} ${result.detail}` : result.outcome;
}

/** Monthly, bonus, uncovered; events and their cost. */
export async function left(real: RealLedger, accountId = 'a'): Promise<number[]> {
  const { monthly, bonus, uncovered, events, cost } = (await real.account(accountId))!;
  return [monthly, bonus, uncovered, events, cost];
}

/** The rows so far, as `events cost: previous monthly bonus uncovered`. */
export async function rows(real: RealLedger): Promise<string[]> {
  return (await allEntries(real.context)).flatMap(rowsOf).map(({ event: { id }, derived, split }) => {
    const { events, fromPrevious, fromMonthly, fromBonus, uncovered } = split;
    return `${id} ${events} ${derived.cost}: ${[fromPrevious, fromMonthly, fromBonus, uncovered].join(' ')}`;
  });
}
