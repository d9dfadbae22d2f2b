/**
 * The rollups: sums over charges that were not voided, by any of their keys and by a bucket of time in a zone. They go
 * by `occurredAt`, always (rule 5). An own-key event is in them, at no cost.
 *
 * Decided here because the contract is silent: buckets are named by where they start, `2026-03-31T13:00:00+02:00` for
 * an hour (the offset tells the two hours of a clock change apart), `2026-03-31`, `2026-03`; a row of which nothing is
 * left after voids is not shown; `from` is inclusive, `to` is not; rows are sorted by their keys and bucket.
 */
import { Temporal } from 'temporal-polyfill';
import { formatCredits } from '../../core/money.ts';
import { upToDate } from './read.ts';
import type { Charge, Model } from './state.ts';

export type UsageKey = 'account' | 'server' | 'model' | 'keySource' | 'cycle';
export type Bucket = 'hour' | 'day' | 'month';

export type UsageQuery = {
  readonly accountId?: string;
  readonly serverId?: string;
  readonly model?: string;
  readonly from?: number;
  readonly to?: number;
  readonly by?: readonly UsageKey[];
  readonly bucket?: Bucket;
  /** Default: the account's with `accountId`, else UTC. */
  readonly timeZone?: string;
};

/** The JSON of one row of `usage`: the chosen keys, then these. */
export type UsageRow = { readonly [key: string]: string | number };

export const readUsage = (model: Model, query: UsageQuery, clock: number): UsageRow[] => {
  const account = query.accountId === undefined ? undefined : upToDate(model, query.accountId, clock);
  const timeZone = query.timeZone ?? account?.schedule.at(-1)?.timeZone ?? 'UTC';
  const groups = new Map<string, { keys: Record<string, string | number>; charges: Charge[] }>();
  for (const [accountId, { charges }] of model.accounts) {
    for (const charge of charges) {
      if (charge.voided || !matches(query, accountId, charge)) continue;
      const keys = keysOf(query, accountId, charge, timeZone);
      const name = JSON.stringify(keys);
      const group = groups.get(name) ?? { keys, charges: [] };
      group.charges.push(charge);
      groups.set(name, group);
    }
  }
  const sorted = [...groups.values()].sort((a, b) => compare(Object.values(a.keys), Object.values(b.keys)));
  return sorted.map(({ keys, charges }) => ({ ...keys, ...sums(charges) }));
};

const matches = (query: UsageQuery, accountId: string, { event, model }: Charge): boolean =>
  (query.accountId === undefined || query.accountId === accountId) &&
  (query.serverId === undefined || query.serverId === event.serverId) &&
  (query.model === undefined || query.model === model) &&
  (query.from === undefined || event.occurredAt >= query.from) &&
  (query.to === undefined || event.occurredAt < query.to);

const keysOf = (query: UsageQuery, accountId: string, charge: Charge, timeZone: string) => {
  const keys: Record<string, string | number> = {};
  for (const key of query.by ?? []) {
    if (key === 'account') keys.accountId = accountId;
    if (key === 'server') keys.serverId = charge.event.serverId;
    if (key === 'model') keys.model = charge.model;
    if (key === 'keySource') keys.keySource = charge.event.keySource;
    if (key === 'cycle') keys.cycle = charge.cycle;
  }
  if (query.bucket !== undefined) keys.bucket = bucketOf(query.bucket, charge.event.occurredAt, timeZone);
  return keys;
};

const bucketOf = (bucket: Bucket, ms: number, timeZone: string): string => {
  const at = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
  if (bucket === 'day') return at.toPlainDate().toString();
  if (bucket === 'month') return at.toPlainDate().toPlainYearMonth().toString();
  return at
    .round({ smallestUnit: 'hour', roundingMode: 'floor' })
    .toString({ timeZoneName: 'never', smallestUnit: 'second' });
};

const sums = (charges: readonly Charge[]) => {
  const count = (of: (charge: Charge) => number) => charges.reduce((sum, charge) => sum + of(charge), 0);
  const credits = (of: (charge: Charge) => bigint) =>
    formatCredits(charges.reduce((sum, charge) => sum + of(charge), 0n));
  return {
    events: charges.length,
    inputTokens: count(({ event }) => event.tokens.input),
    outputTokens: count(({ event }) => event.tokens.output),
    cacheReadTokens: count(({ event }) => event.tokens.cacheRead),
    cacheWriteTokens: count(({ event }) => event.tokens.cacheWrite),
    credits: credits(({ cost }) => cost),
    monthlyCredits: credits(({ fromPrevious, fromMonthly }) => fromPrevious + fromMonthly),
    bonusCredits: credits(({ fromBonus }) => fromBonus),
    uncoveredCredits: credits(({ uncovered }) => uncovered),
  };
};

const compare = (a: readonly (string | number)[], b: readonly (string | number)[]): number => {
  for (const [i, value] of a.entries()) {
    const other = b[i]!;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
};
