/**
 * Random histories of a few accounts: commands, events, steps of the clock and new price books, dense in the places
 * where rules meet (cycle ends, resends, late events, unknown accounts and models).
 */
import fc from 'fast-check';
import { parseAnchor } from '../../core/cycles.ts';
import { DAY_MS, HOUR_MS } from '../../core/limits.ts';
import { type Micros, micros } from '../../core/money.ts';
import type { PriceBook } from '../../core/price.ts';
import type { AccountCommand, AccountUpsert, Alert, UsageEvent } from '../../core/types.ts';

export type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  /** To the end of an account's running cycle, and a little before or after it. */
  | { readonly kind: 'turn'; readonly account: string; readonly offsetMs: number }
  | { readonly kind: 'events'; readonly events: readonly EventDraft[] }
  | { readonly kind: 'command'; readonly draft: CommandDraft }
  | { readonly kind: 'book' }
  /** The scheduled jobs look at every account; the notifier sends what is unsent. */
  | { readonly kind: 'jobs' }
  | { readonly kind: 'mails' };

/** Times are offsets from the clock at the step. */
export type EventDraft = {
  readonly n: number;
  readonly account: string;
  readonly server: string;
  readonly model: string;
  readonly tokens: number;
  readonly byok: boolean;
  readonly agoMs: number;
  readonly queuedAgoMs: number;
  /** Instead: offsets from the start of the account's running cycle, and from a day after it. */
  readonly late: { readonly occurredMs: number; readonly queuedMs: number } | undefined;
};

export type CommandDraft = {
  readonly n: number;
  readonly account: string;
  readonly queuedAgoMs: number;
  readonly atAgoMs: number | undefined;
  readonly silent: boolean;
  readonly make: (base: CommandBase) => AccountCommand;
};

type CommandBase = { id: string; accountId: string; silent: boolean; at: number | undefined };

export const START_MS = Date.parse('2026-01-29T21:00:00Z');

const prices = (credits: number) => [credits, credits, credits, credits] as const;
const model = (name: string, perThousand: number) =>
  [name, { model: name, ratesMicrosPer1000: prices(perThousand), speed: '', creditUsage: '', bestFor: '' }] as const;

/** The first book does not know `newcomer`; the second does, in a later version. */
export const BOOKS: readonly [PriceBook, PriceBook] = (() => {
  const first = {
    name: 'first',
    effectiveFromMs: 0,
    models: new Map([model('small', 333_333), model('large', 7_000_001)]),
    aliases: new Map([['big', 'large']]),
  };
  const second = {
    name: 'second',
    effectiveFromMs: START_MS + 40 * DAY_MS,
    models: new Map([...first.models, model('newcomer', 1_000_000), model('small', 400_000)]),
    aliases: new Map(),
  };
  return [{ versions: [first] }, { versions: [first, second] }];
})();

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** One of them has most of the steps, so that much happens to it. */
const account = fc.constantFrom('a', 'a', 'a', 'b', 'c:1');
const server = fc.constantFrom('s1', 's2');
const ago = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 2 * HOUR_MS }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 3 * DAY_MS }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 40 * DAY_MS }) },
  { weight: 1, arbitrary: fc.integer({ min: -10 * 60_000, max: 0 }) },
);
/** Some are drawn often, so that steps meet each other. */
const often = fc.integer({ min: 0, max: 6 });
const eventNumber = fc.oneof(often, fc.integer({ min: 0, max: 30 }));
const queuedAgo = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 * HOUR_MS }));

const eventsOf = (draft: fc.Arbitrary<EventDraft>): fc.Arbitrary<Step> =>
  fc.array(draft, { minLength: 1, maxLength: 6 }).map((events) => ({ kind: 'events', events }));

const anyEvent: fc.Arbitrary<EventDraft> = fc.record({
  n: eventNumber,
  ...{ account, server },
  model: fc.constantFrom('small', 'large', 'big', 'newcomer'),
  tokens: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.constant(1)),
  byok: fc.boolean(),
  agoMs: ago,
  queuedAgoMs: queuedAgo,
  late: maybe(
    fc.record({
      occurredMs: fc.oneof(fc.constantFrom(-1, 0), fc.integer({ min: -35 * DAY_MS, max: 0 })),
      queuedMs: fc.oneof(fc.constantFrom(-1, 0), fc.integer({ min: -DAY_MS, max: DAY_MS })),
    }),
  ),
});

/** Nearly all of them are charged, and none takes everything. */
const smallEvent: fc.Arbitrary<EventDraft> = fc.record({
  n: fc.oneof({ weight: 1, arbitrary: often }, { weight: 9, arbitrary: fc.integer({ min: 0, max: 100_000 }) }),
  ...{ account: fc.constant('a'), server },
  model: fc.constant('small'),
  tokens: fc.constantFrom(0, 1_500, 6_000, 15_000),
  byok: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  agoMs: ago,
  queuedAgoMs: fc.constant(0),
  late: fc.constant(undefined),
});

const credits = fc.integer({ min: 1, max: 30_000_000 }).map((n) => micros(n));
const grant = fc.constantFrom(0, 5_000_000, 10_000_000, 40_000_000).map((n) => micros(n));
const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Pacific/Auckland', 'Australia/Lord_Howe');
const anchor = fc
  .tuple(
    fc.constantFrom('2025-10', '2026-01', '2026-03'),
    fc.integer({ min: 1, max: 31 }),
    fc.constantFrom('00:00', '02:30', '23:59'),
  )
  .map(([month, day, time]) => parseAnchor(`${month}-${String(day).padStart(2, '0')}T${time}:00`));

const alert: fc.Arbitrary<Alert> = fc.oneof(
  fc.record({ id: fc.constantFrom('x', 'low'), kind: fc.constant('absolute' as const), credits }),
  fc.record({
    id: fc.constantFrom('x', 'y'),
    kind: fc.constant('percent' as const),
    percent: fc.constantFrom(12.5, 50, 90),
  }),
  fc.record({ id: fc.constantFrom('y', 'z'), kind: fc.constant('runway' as const), days: fc.constantFrom(0.5, 3, 30) }),
);

const purchaseNumber = fc.integer({ min: 0, max: 5 });

type Make = (base: CommandBase) => AccountCommand;
const upsert: fc.Arbitrary<Make> = fc
  .record({
    plan: fc.record({ id: fc.constant('plan'), monthlyCredits: grant as fc.Arbitrary<Micros> }),
    timeZone: zone,
    anchor,
    opening: maybe(fc.record({ monthlyRemaining: fc.constantFrom(micros(0), micros(3_000_000)), bonus: credits })),
  })
  .map((data) => (base) => ({
    ...base,
    ...data,
    type: 'account.upsert',
    email: 'owner@example.com',
    name: undefined,
    locale: undefined,
    recipients: undefined,
  }));
const alertsSet: fc.Arbitrary<Make> = fc.uniqueArray(alert, { maxLength: 3, selector: ({ id }) => id }).map(
  (alerts): Make =>
    (base) => ({ ...base, type: 'alerts.set', alerts }),
);

const makeOf = (upserts: number): fc.Arbitrary<Make> =>
  fc.oneof(
    { weight: upserts, arbitrary: upsert },
    { weight: 1, arbitrary: fc.constant<Make>((base) => ({ ...base, type: 'account.close', reason: 'left' })) },
    {
      weight: 3,
      // Of ids of their own, so that a refund finds one more often than not.
      arbitrary: fc.tuple(purchaseNumber, credits).map(
        ([n, amount]): Make =>
          (base) => ({
            ...base,
            id: `p${n}`,
            type: 'credits.purchase',
            credits: amount,
            price: undefined,
            purchasedAt: undefined,
            reference: undefined,
          }),
      ),
    },
    {
      weight: 3,
      arbitrary: fc.tuple(purchaseNumber, credits).map(
        ([n, amount]): Make =>
          (base) => ({ ...base, type: 'credits.refund', purchaseId: `p${n}`, credits: amount }),
      ),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(
          server,
          fc.constantFrom(null, undefined, micros(0), micros(2_000_000), micros(20_000_000)),
          fc.constantFrom(null, undefined, 12.5, 50),
        )
        .map(
          ([serverId, dailyCredits, warnAtPercent]): Make =>
            (base) => ({ ...base, type: 'server.limit', serverId, dailyCredits, warnAtPercent }),
        ),
    },
    {
      weight: 2,
      arbitrary: alertsSet,
    },
    {
      weight: 8,
      // Of ids of their own, so that few are duplicates; of events that are drawn often, and of some twice.
      arbitrary: fc.record({ own: fc.integer({ min: 0, max: 40 }), n: often }).map(
        ({ own, n }): Make =>
          (base) => ({ ...base, id: `v${own}`, type: 'usage.void', eventId: `e${n}`, reason: 'wrong' }),
      ),
    },
  );
const commandsOf = (accounts: fc.Arbitrary<string>, make: fc.Arbitrary<Make>, numbers = 12): fc.Arbitrary<Step> =>
  fc
    .record({
      n: fc.integer({ min: 0, max: numbers }),
      account: accounts,
      queuedAgoMs: queuedAgo,
      atAgoMs: maybe(fc.integer({ min: 0, max: DAY_MS })),
      silent: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
      make,
    })
    .map((draft) => ({ kind: 'command', draft }));

const wait: fc.Arbitrary<Step> = fc
  .oneof(
    fc.integer({ min: 1, max: HOUR_MS }),
    fc.integer({ min: HOUR_MS, max: 2 * DAY_MS }),
    fc.integer({ min: DAY_MS, max: 29 * DAY_MS }),
  )
  .map((ms) => ({ kind: 'wait', ms }));

const turn: fc.Arbitrary<Step> = fc
  .tuple(account, fc.oneof(fc.constantFrom(-1, 0), fc.integer({ min: -HOUR_MS, max: 30 * HOUR_MS })))
  .map(([id, offsetMs]) => ({ kind: 'turn', account: id, offsetMs }));

const rest = (...steps: readonly fc.WeightedArbitrary<Step>[]): fc.Arbitrary<Step[]> =>
  fc.array(fc.oneof(...steps), { minLength: 4, maxLength: 40, size: 'max' });
const [jobs, mails, book] = (['jobs', 'mails', 'book'] as const).map((kind) => fc.constant<Step>({ kind }));
const command = commandsOf(account, makeOf(4));

/** A history that starts with an upsert more often than not. */
export const history: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    fc.array(command, { maxLength: 3 }),
    rest(
      { weight: 5, arbitrary: eventsOf(anyEvent) },
      { weight: 4, arbitrary: command },
      { weight: 2, arbitrary: wait },
      { weight: 3, arbitrary: turn },
      { weight: 1, arbitrary: book! },
      { weight: 1, arbitrary: jobs! },
      { weight: 2, arbitrary: mails! },
    ),
  )
  .map(([first, others]) => [...first, ...others]);

const one = fc.constant('a');
const hours = fc.integer({ min: 3, max: 30 }).map((n): Step => ({ kind: 'wait', ms: n * HOUR_MS }));

/** Somebody who has credits and uses them up within days. */
const spender: fc.Arbitrary<Make> = fc.tuple(upsert, fc.constantFrom(10_000_000, 40_000_000)).map(
  ([make, grant]): Make =>
    (base) => ({
      ...(make(base) as AccountUpsert),
      anchor: parseAnchor('2026-01-05T00:00:00'),
      plan: { id: 'plan', monthlyCredits: micros(grant) },
    }),
);

/** A history of one account that spends a little at a time, and is watched: dense in alerts, limits and mails. */
export const watchedHistory: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    commandsOf(one, spender, 2),
    commandsOf(one, alertsSet, 2),
    rest(
      { weight: 8, arbitrary: eventsOf(smallEvent) },
      { weight: 5, arbitrary: commandsOf(one, makeOf(1), 1_000) },
      { weight: 8, arbitrary: hours },
      { weight: 1, arbitrary: turn },
      { weight: 4, arbitrary: jobs! },
      { weight: 2, arbitrary: mails! },
    ),
  )
  .map(([first, second, others]) => [first, second, ...others]);

/** `startMs`: of the account's running cycle, where it is known. Never stamped further ahead than events may be. */
export const queuedOf = (draft: EventDraft, clock: number, startMs: number | undefined): number =>
  draft.late === undefined || startMs === undefined
    ? clock - draft.queuedAgoMs
    : Math.min(clock, startMs + DAY_MS + draft.late.queuedMs);

export const eventOf = (draft: EventDraft, clock: number, startMs: number | undefined): UsageEvent => ({
  id: `e${draft.n}`,
  accountId: draft.account,
  serverId: draft.server,
  model: draft.model,
  occurredAt: draft.late === undefined || startMs === undefined ? clock - draft.agoMs : startMs + draft.late.occurredMs,
  tokens: { input: draft.tokens, output: 0, cacheRead: 1, cacheWrite: 0 },
  keySource: draft.byok ? 'byok' : 'platform',
  attributes: [],
});

export const commandOf = (draft: CommandDraft, clock: number): AccountCommand =>
  draft.make({
    id: `c${draft.n}`,
    accountId: draft.account,
    silent: draft.silent,
    at: draft.atAgoMs === undefined ? undefined : clock - draft.atAgoMs,
  });
