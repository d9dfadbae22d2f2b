/**
 * Messages to look at: one a kind and one a wording, with the numbers of an account as it might be. `emails preview`
 * writes them, react-email's preview server shows them, the tests render them.
 */
import { DAY_MS, HOUR_MS } from '../core/limits.ts';
import type { MailKind, Message } from './message.ts';
import type { MessageOf } from './parts/template.ts';

export interface Sample {
  /** A file name: the kind, and what is special about it. */
  readonly name: string;
  readonly message: Message;
}

const credits = (amount: number): bigint => BigInt(Math.round(amount * 1e6));

/** A Sunday morning in the fourth cycle, in Berlin. */
const at = Date.parse('2026-11-22T10:24:00+01:00');
const cycleStart = Date.parse('2026-11-01T00:00:00+01:00');
const cycleEnd = Date.parse('2026-12-01T00:00:00+01:00');

const reader = { accountId: 'acme', name: 'Ada', locale: undefined, timeZone: 'Europe/Berlin' };

const balances = {
  at,
  monthly: credits(14.2),
  bonus: credits(5),
  granted: credits(100),
  nextGrant: credits(100),
  uncovered: 0n,
  cycle: 4,
  cycleStart,
  cycleEnd,
  forecast: { days: 7, spent: credits(33.6), runsOutAtMs: at + 4 * DAY_MS, runsOutBeforeReset: true },
};

const breakdown = {
  from: cycleStart,
  to: at,
  events: 1_902,
  credits: credits(85.8),
  servers: [
    { name: 'atlas-support-bot', events: 1_204, credits: credits(52.35) },
    { name: 'nightly-reports', events: 310, credits: credits(20.1) },
    { name: 'playground', events: 290, credits: credits(9.75) },
  ],
  models: [
    { name: 'claude-sonnet-4.5', events: 860, credits: credits(68.4) },
    { name: 'claude-haiku-4.5', events: 1_042, credits: credits(17.4) },
  ],
  saving: {
    serverId: 'atlas-support-bot',
    from: 'claude-sonnet-4.5',
    to: 'claude-haiku-4.5',
    label: 'Very Fast, Low credit usage, best for quick responses',
    tokens: { input: 9_450_000, output: 1_600_000, cacheRead: 0, cacheWrite: 0 },
    spent: credits(52.35),
    saved: credits(34.9),
  },
};

/** A morning three days before the reset. */
const nearEnd = cycleEnd - 3 * DAY_MS + 9 * HOUR_MS;
const weekly = {
  from: Date.parse('2026-11-15T00:00:00+01:00'),
  to: Date.parse('2026-11-22T00:00:00+01:00'),
  events: 744,
  credits: credits(33.6),
  servers: [
    { name: 'atlas-support-bot', events: 502, credits: credits(21.5) },
    { name: 'nightly-reports', events: 242, credits: credits(12.1) },
  ],
  models: [
    { name: 'claude-sonnet-4.5', events: 331, credits: credits(26.85) },
    { name: 'claude-haiku-4.5', events: 413, credits: credits(6.75) },
  ],
  saving: { ...breakdown.saving, spent: credits(21.5), saved: credits(14.3) },
};
const base = { intentId: 'acme:mail:17', reader, balances, breakdown };
const low = { alert: { id: 'low', kind: 'percent', percent: 20 }, builtIn: true, threshold: credits(20) } as const;
const none = {
  alert: { id: 'depleted', kind: 'absolute', credits: 0n as never },
  builtIn: true,
  threshold: 0n,
} as const;
const empty = { ...balances, monthly: 0n, bonus: 0n };
const fresh = {
  ...balances,
  at: cycleEnd + 5 * 60_000,
  monthly: credits(100),
  cycle: 5,
  cycleStart: cycleEnd,
  cycleEnd: Date.parse('2027-01-01T00:00:00+01:00'),
  forecast: { days: 7, spent: credits(22.4), runsOutAtMs: undefined, runsOutBeforeReset: false },
};
const untroubled = {
  ...balances,
  monthly: credits(66.5),
  bonus: credits(20),
  forecast: { days: 7, spent: credits(12.6), runsOutAtMs: undefined, runsOutBeforeReset: false },
};
const purchase = {
  id: 'acme-buy-9',
  credits: credits(500),
  price: { amount: '49.00', currency: 'EUR' },
  reference: 'INV-2026-11-0042',
  purchasedAt: at - 4 * 60_000,
};
const day = {
  serverId: 'atlas-support-bot',
  limit: credits(10),
  warnAtPercent: 80,
  until: Date.parse('2026-11-23T00:00:00+01:00'),
};

export const SAMPLES: readonly Sample[] = [
  { name: 'low-credits', message: { ...base, kind: 'low-credits', crossed: low, others: [] } },
  {
    name: 'low-credits-own-alert',
    message: {
      ...base,
      kind: 'low-credits',
      crossed: {
        alert: { id: 'team-25', kind: 'absolute', credits: credits(25) as never },
        builtIn: false,
        threshold: credits(25),
      },
      others: [{ alert: { id: 'third', kind: 'percent', percent: 33.3 }, builtIn: false, threshold: credits(33.3) }],
    },
  },
  {
    name: 'low-credits-runway',
    message: {
      ...base,
      kind: 'low-credits',
      balances: { ...balances, monthly: credits(31.5) },
      crossed: { alert: { id: 'a-week', kind: 'runway', days: 7 }, builtIn: false, threshold: credits(33.6) },
      others: [],
    },
  },
  {
    name: 'low-credits-no-forecast',
    message: {
      ...base,
      kind: 'low-credits',
      balances: {
        ...balances,
        forecast: { days: 1, spent: undefined, runsOutAtMs: undefined, runsOutBeforeReset: false },
      },
      breakdown: undefined,
      crossed: low,
      others: [],
    },
  },
  {
    name: 'depleted',
    message: {
      ...base,
      kind: 'depleted',
      balances: { ...empty, uncovered: credits(0.75) },
      crossed: none,
      others: [low],
    },
  },
  {
    name: 'depleted-no-grant',
    message: {
      ...base,
      kind: 'depleted',
      balances: { ...empty, granted: 0n, nextGrant: 0n },
      breakdown: undefined,
      crossed: none,
      others: [],
    },
  },
  {
    name: 'restored',
    message: { ...base, kind: 'restored', balances: { ...empty, bonus: credits(50), uncovered: credits(0.75) } },
  },
  {
    name: 'monthly-reset',
    message: {
      ...base,
      kind: 'monthly-reset',
      balances: fresh,
      breakdown: { ...breakdown, to: cycleEnd, credits: credits(91.8), events: 2_014 },
      expired: credits(8.2),
      ended: { cycle: 4, start: cycleStart, granted: credits(100), uncovered: 0n },
    },
  },
  {
    name: 'monthly-reset-used-up',
    message: {
      ...base,
      kind: 'monthly-reset',
      balances: { ...fresh, bonus: 0n },
      breakdown: undefined,
      expired: 0n,
      ended: { cycle: 4, start: cycleStart, granted: credits(100), uncovered: credits(3) },
    },
  },
  {
    name: 'expiring',
    message: {
      ...base,
      kind: 'expiring',
      balances: { ...untroubled, at: nearEnd },
      breakdown: { ...breakdown, to: nearEnd, credits: credits(93.5), events: 1_950 },
    },
  },
  {
    name: 'limit-warning',
    message: { ...base, kind: 'limit-warning', ...day, used: credits(8.1), balances: untroubled },
  },
  {
    name: 'limit-reached',
    message: { ...base, kind: 'limit-reached', ...day, used: credits(10.4), balances: untroubled },
  },
  { name: 'receipt', message: { ...base, kind: 'receipt', balances: { ...balances, bonus: credits(505) }, purchase } },
  {
    name: 'receipt-no-price',
    message: {
      ...base,
      kind: 'receipt',
      balances: { ...balances, bonus: credits(505) },
      purchase: { ...purchase, price: undefined, reference: undefined },
    },
  },
  {
    name: 'digest',
    message: {
      ...base,
      kind: 'digest',
      firstDay: Date.parse('2026-11-15') / DAY_MS,
      days: [4.2, 6.75, 5.1, 7.4, 8.05, 2.1, 0].map(credits),
      before: credits(27.3),
      breakdown: weekly,
    },
  },
];

/** The first sample of a kind. */
export const sampleOf = <Kind extends MailKind>(kind: Kind): MessageOf<Kind> =>
  SAMPLES.find(({ message }) => message.kind === kind)!.message as MessageOf<Kind>;
