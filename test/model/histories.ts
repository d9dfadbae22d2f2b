/**
 * Random histories of a few accounts: commands, calls, voids and reads while the clock goes on, across cycle ends and
 * clock changes, with duplicates, conflicts, late and unknown ones among them. They are data (`Step`), so that another
 * ledger can be told the same story; ids are few, so that steps meet each other.
 */
import fc from 'fast-check';
import { DAY_MS, HOUR_MS } from '../../core/limits.ts';
import { micros } from '../../core/money.ts';
import type { AccountCommand, Alert, UsageEvent } from '../../core/types.ts';

/** One step: at this clock this is sent, its job queued then; or somebody looks at an account. */
export type Step = { readonly clock: number; readonly queuedAt: number } & (
  | { readonly kind: 'event'; readonly event: UsageEvent }
  | { readonly kind: 'command'; readonly command: AccountCommand }
  | { readonly kind: 'read'; readonly accountId: string }
);

/** Where a history starts: before some anchors, in the middle of other accounts' cycles. */
export const HISTORY_START_MS = Date.UTC(2026, 2, 20, 7);

const pick = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const accountId = pick('a', 'b');
const serverId = pick('s', 't');
const eventId = fc.integer({ min: 1, max: 40 }).map((n) => `e${n}`);
const purchaseId = pick('p1', 'p2', 'p3', 'p4');
const credits = pick(0, 1, 400_000, 1_000_000, 7_777_777, 20_000_000, 50_000_000, 100_000_000).map(micros);
const some = pick(1, 400_000, 1_000_000, 20_000_000, 100_000_000).map(micros);
const wait = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: HOUR_MS }) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 2 * DAY_MS }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 40 * DAY_MS }) },
);
const queued = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 * DAY_MS }));

const event = fc.record({
  id: eventId,
  ...{ accountId, serverId },
  model: fc.oneof({ weight: 9, arbitrary: pick('unit', 'alias') }, pick('free', 'late')),
  tokens: fc.record({
    input: pick(0, 1, 999, 3_000, 10_000, 25_000, 60_000, 130_000),
    output: fc.constant(0),
    cacheRead: pick(0, 1),
    cacheWrite: fc.constant(0),
  }),
  keySource: fc.oneof({ weight: 6, arbitrary: fc.constant('platform' as const) }, fc.constant('byok' as const)),
  attributes: fc.constant([]),
});
const age = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: HOUR_MS }) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 3 * DAY_MS }) },
  fc.integer({ min: -10 * 60_000, max: 40 * DAY_MS }),
);

const alert: fc.Arbitrary<Alert> = fc.oneof(
  fc.record({ id: pick('x', 'y'), kind: fc.constant('absolute' as const), credits: some }),
  fc.record({ id: pick('x', 'y'), kind: fc.constant('percent' as const), percent: pick(5, 12.5, 50, 90) }),
  fc.record({ id: pick('x', 'y'), kind: fc.constant('runway' as const), days: pick(1, 3, 10) }),
);
const base = {
  id: fc.integer({ min: 1, max: 40 }).map((n) => `c${n}`),
  accountId,
  silent: fc.boolean(),
  at: fc.constant(undefined),
};
const upsert = fc.record({
  ...base,
  type: fc.constant('account.upsert' as const),
  email: fc.constant('owner@example.com'),
  timeZone: pick('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'),
  anchor: pick('2026-01-31T00:00:00', '2026-02-28T02:30:00', '2026-04-15T09:00:00', '2025-12-25T00:00:00'),
  plan: fc.record({
    id: fc.constant('plan'),
    monthlyCredits: pick(0, 7_777_777, 100_000_000, 200_000_000).map(micros),
  }),
  name: pick(undefined, null, 'Ada'),
  locale: fc.constant(undefined),
  recipients: fc.constant(undefined),
  opening: fc.option(fc.record({ monthlyRemaining: pick(0, 1, 5_000_000, 100_000_000).map(micros), bonus: credits }), {
    nil: undefined,
    freq: 4,
  }),
});
const command: fc.Arbitrary<AccountCommand> = fc.oneof(
  { weight: 3, arbitrary: upsert },
  fc.record({ ...base, type: fc.constant('account.close' as const), reason: fc.constant('left') }),
  {
    weight: 3,
    arbitrary: fc.record({
      ...base,
      id: purchaseId,
      type: fc.constant('credits.purchase' as const),
      credits: some,
      ...{ price: fc.constant(undefined), purchasedAt: fc.constant(undefined), reference: fc.constant(undefined) },
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ ...base, type: fc.constant('credits.refund' as const), purchaseId, credits: some }),
  },
  fc.record({
    ...base,
    type: fc.constant('alerts.set' as const),
    alerts: fc.uniqueArray(alert, { maxLength: 2, selector: (a) => a.id }),
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      ...base,
      type: fc.constant('server.limit' as const),
      serverId,
      dailyCredits: fc.oneof({ weight: 4, arbitrary: credits }, fc.constant(null), fc.constant(undefined)),
      warnAtPercent: pick(undefined, null, 50, 80),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ ...base, type: fc.constant('usage.void' as const), eventId, reason: fc.constant('wrong') }),
  },
);

/** What is drawn: waits instead of clocks, ages instead of times, and `again`, which sends an earlier step once more. */
type Drawn = { readonly waitMs: number; readonly queuedMs: number } & (
  | { readonly kind: 'event'; readonly event: Omit<UsageEvent, 'occurredAt'>; readonly ageMs: number }
  | { readonly kind: 'command'; readonly command: AccountCommand; readonly decidedMs: number | undefined }
  | { readonly kind: 'read'; readonly accountId: string }
  | { readonly kind: 'again'; readonly back: number }
);

const timing = { waitMs: wait, queuedMs: queued };
const commandStep = (of: fc.Arbitrary<AccountCommand>): fc.Arbitrary<Drawn> =>
  fc.record({
    ...timing,
    kind: fc.constant('command' as const),
    command: of,
    decidedMs: fc.option(fc.integer({ min: 0, max: DAY_MS }), { nil: undefined }),
  });
const drawn: fc.Arbitrary<Drawn> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ ...timing, kind: fc.constant('event' as const), event, ageMs: age }) },
  { weight: 4, arbitrary: commandStep(command) },
  { weight: 1, arbitrary: fc.record({ ...timing, kind: fc.constant('read' as const), accountId }) },
  {
    weight: 1,
    arbitrary: fc.record({ ...timing, kind: fc.constant('again' as const), back: fc.integer({ min: 1, max: 9 }) }),
  },
);

/** Drawn steps at the clocks they happen at. */
const happen = (all: readonly Drawn[]): Step[] => {
  const steps: Step[] = [];
  let clock = HISTORY_START_MS;
  for (const one of all) {
    clock += one.waitMs;
    const at = { clock, queuedAt: clock - one.queuedMs };
    const earlier = one.kind === 'again' ? steps.at(-one.back) : undefined;
    if (earlier !== undefined) steps.push({ ...earlier, ...at });
    else if (one.kind === 'event')
      steps.push({ ...at, kind: 'event', event: { ...one.event, occurredAt: clock - one.ageMs } });
    else if (one.kind === 'read') steps.push({ ...at, kind: 'read', accountId: one.accountId });
    else if (one.kind === 'command') {
      const decided = one.decidedMs === undefined ? undefined : clock - one.decidedMs;
      steps.push({ ...at, kind: 'command', command: { ...one.command, at: decided } });
    }
  }
  return steps;
};

/** Up to `maxSteps` steps; most accounts are known after the first few. */
export const histories = (maxSteps: number): fc.Arbitrary<readonly Step[]> =>
  fc
    .tuple(
      fc.array(drawn, { maxLength: 3 }),
      fc.array(commandStep(upsert), { maxLength: 3 }),
      fc.array(drawn, { minLength: 1, maxLength: maxSteps, size: 'max' }),
    )
    .map((parts) => happen(parts.flat()));
