/**
 * Commands, events and prices for tests of the real ledger. Everything has a default, so that a test names only what it
 * is about. The model `unit` costs 1 µcr a token, `dear` so much that two events leave the range of an amount; `late`
 * is known to the second book only, `gone` in its first version only.
 */
import { micros } from '../../core/money.ts';
import { type ModelPrice, type PriceVersion, priceBook } from '../../core/price.ts';
import type { AccountCommand, UsageEvent } from '../../core/types.ts';

type Of<Type extends AccountCommand['type']> = Extract<AccountCommand, { type: Type }>;

/** The clock that stories start at: a Thursday noon, in the middle of an hour, a day, and the account's cycle 1. */
export const START_MS = Date.parse('2026-01-15T12:30:00Z');
/** µcr of the largest event of the model `dear`: an amount holds one of them, not two. */
export const DEAR_MICROS = (2 ** 31 - 1) * 4 * 1_000_000;

const price = (model: string, rate: number): ModelPrice => ({
  model,
  ratesMicrosPer1000: [rate, rate, rate, rate],
  ...{ speed: 'Fast', creditUsage: 'Low', bestFor: 'Tests' },
});
const version = (name: string, effectiveFromMs: number, models: readonly ModelPrice[]): PriceVersion => ({
  ...{ name, effectiveFromMs },
  models: new Map(models.map((one) => [one.model, one])),
  aliases: new Map(),
});
const MODELS = [price('unit', 1_000), price('dear', 1_000_000_000)];

export const BOOK = priceBook([version('v1', 0, MODELS)]);
/** From 20 January on `gone` is not for sale any more: an event of that day or later has to wait. */
export const LATER_BOOK = priceBook([
  version('v1', 0, MODELS),
  version('v2', Date.parse('2026-01-02T00:00:00Z'), [...MODELS, price('late', 2_000), price('gone', 1_000)]),
  version('v3', Date.parse('2026-01-20T00:00:00Z'), [...MODELS, price('late', 2_000)]),
]);

let ids = 0;
const nextId = (word: string): string => {
  ids += 1;
  return `${word}-${ids}`;
};

/** An event of `tokens` µcr, of account `a`. */
export const event = ({ tokens = 1_000, ...some }: Partial<Omit<UsageEvent, 'tokens'>> & { tokens?: number } = {}) =>
  ({
    id: nextId('event'),
    ...{ accountId: 'a', serverId: 'srv', model: 'unit', occurredAt: START_MS, keySource: 'platform', attributes: [] },
    tokens: { input: tokens, output: 0, cacheRead: 0, cacheWrite: 0 },
    ...some,
  }) satisfies UsageEvent as UsageEvent;

const FULL = 2 ** 31 - 1;
/** The largest event there is. */
export const dearEvent = (some: Partial<UsageEvent> = {}): UsageEvent => ({
  ...event({ model: 'dear' }),
  tokens: { input: FULL, output: FULL, cacheRead: FULL, cacheWrite: FULL },
  ...some,
});

const base = <Type extends AccountCommand['type']>(type: Type) => ({
  ...{ type, id: nextId('command'), accountId: 'a', silent: false, at: undefined },
});

/** A first upsert: 1 credit a month, in UTC, from 1 January 2026 on. */
export const upsert = ({ monthly = 1_000_000, ...some }: Partial<Of<'account.upsert'>> & { monthly?: number } = {}) =>
  ({
    ...base('account.upsert'),
    ...{ email: 'owner@example.com', timeZone: 'UTC', anchor: '2026-01-01T00:00:00', opening: undefined },
    ...{ name: undefined, locale: undefined, recipients: undefined },
    plan: { id: `plan-${monthly}`, monthlyCredits: micros(monthly) },
    ...some,
  }) satisfies AccountCommand as Of<'account.upsert'>;

export const purchase = ({ amount = 500, ...some }: Partial<Of<'credits.purchase'>> & { amount?: number } = {}) =>
  ({
    ...base('credits.purchase'),
    ...{ credits: micros(amount), price: undefined, purchasedAt: undefined, reference: undefined },
    ...some,
  }) satisfies AccountCommand as Of<'credits.purchase'>;

export const refund = (purchaseId: string, amount = 500): Of<'credits.refund'> => ({
  ...base('credits.refund'),
  ...{ purchaseId, credits: micros(amount) },
});

export const alerts = (credits: number, some: Partial<Of<'alerts.set'>> = {}): Of<'alerts.set'> => ({
  ...base('alerts.set'),
  alerts: [{ id: `at-${credits}`, kind: 'absolute', credits: micros(credits) }],
  ...some,
});

export const serverLimit = (serverId: string, some: Partial<Of<'server.limit'>> = {}): Of<'server.limit'> => ({
  ...base('server.limit'),
  ...{ serverId, dailyCredits: micros(9_000), warnAtPercent: undefined },
  ...some,
});

export const voidOf = (eventId: string, some: Partial<Of<'usage.void'>> = {}): Of<'usage.void'> => ({
  ...base('usage.void'),
  ...{ eventId, reason: 'wrong model' },
  ...some,
});
