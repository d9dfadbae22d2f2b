/**
 * Short hand for telling the model a story: commands, calls and reads at a clock that the test sets. Everything has a
 * default, so that a test names only what it is about: account `a` in UTC from 1 January 2026, 100 credits a month.
 * The model `unit` costs 1 credit for 1,000 input tokens, so a call of 12.5 credits is one of 12,500 tokens.
 */
import { parseCredits } from '../../core/money.ts';
import { type ModelPrice, type PriceVersion, priceBook } from '../../core/price.ts';
import type { AccountCommand, Alert, UsageEvent } from '../../core/types.ts';
import {
  applyCommand,
  applyEvent,
  type Balance,
  type CommandOutcome,
  createModel,
  type EventOutcome,
  type Model,
  readAlerts,
  readBalance,
  readGate,
  readLedger,
} from './index.ts';

type Some<T> = Partial<T>;
type Of<Type extends AccountCommand['type']> = Extract<AccountCommand, { type: Type }>;

const price = (model: string, input: number): ModelPrice => ({
  model,
  ratesMicrosPer1000: [input, 0, 0, 0],
  ...{ speed: 'Fast', creditUsage: 'Low', bestFor: 'Tests' },
});
const version = (
  name: string,
  effectiveFromMs: number,
  models: ModelPrice[],
  aliases: [string, string][] = [],
): PriceVersion => ({
  ...{ name, effectiveFromMs },
  models: new Map(models.map((one) => [one.model, one])),
  aliases: new Map(aliases),
});

/** `unit` costs 1 credit for 1,000 input tokens, `free` nothing; `late` is only known to the book that has it. */
export const BOOK = priceBook([version('v1', 0, [price('unit', 1_000_000), price('free', 0)], [['alias', 'unit']])]);
export const BOOK_WITH_LATE = priceBook([
  ...BOOK.versions,
  version('v2', Date.UTC(2027, 0), [price('late', 2_000_000)]),
]);

/** Milliseconds of an ISO time; a bare date is its midnight in UTC. */
export const ms = (text: string): number => Date.parse(text);

/** A story that is told to one model. `at` moves the clock; what follows happens then. */
export const story = (options: { acceptDays?: number; parkedMax?: number } = {}) => {
  const model: Model = createModel({ book: BOOK, ...options });
  let clock = ms('2026-01-10');
  let ids = 0;
  const base = (some: Some<AccountCommand>) => {
    ids += 1;
    return { id: some.id ?? `c${ids}`, accountId: some.accountId ?? 'a', silent: some.silent ?? false, at: some.at };
  };
  const send = (command: AccountCommand, queuedAt = clock): CommandOutcome =>
    applyCommand(model, command, { clock, queuedAt });

  return {
    model,
    /** Moves the clock to a time, or by a number of milliseconds. */
    at(when: string | number) {
      clock = typeof when === 'string' ? ms(when) : clock + when;
      return this;
    },
    now: () => clock,
    send,
    /** An upsert with all that a first one needs; fields given as undefined are left out. */
    upsert: (some: Some<Of<'account.upsert'>> & { monthly?: string } = {}): CommandOutcome => {
      const { monthly = '100', ...rest } = some;
      return send({
        type: 'account.upsert',
        ...{ email: 'a@example.com', timeZone: 'UTC', anchor: '2026-01-01T00:00:00' },
        ...{ name: undefined, locale: undefined, recipients: undefined, opening: undefined },
        plan: { id: `plan-${monthly}`, monthlyCredits: parseCredits(monthly) },
        ...rest,
        ...base(some),
      });
    },
    close: (some: Some<Of<'account.close'>> = {}) => send({ type: 'account.close', reason: 'left', ...base(some) }),
    purchase: (credits: string, some: Some<Of<'credits.purchase'>> = {}) =>
      send({
        type: 'credits.purchase',
        ...{ credits: parseCredits(credits), price: undefined, purchasedAt: undefined, reference: undefined },
        ...base(some),
      }),
    refund: (purchaseId: string, credits: string, some: Some<Of<'credits.refund'>> = {}) =>
      send({ type: 'credits.refund', purchaseId, credits: parseCredits(credits), ...base(some) }),
    alerts: (alerts: readonly Alert[], some: Some<Of<'alerts.set'>> = {}) =>
      send({ type: 'alerts.set', alerts, ...base(some) }),
    /** A limit of a server; null lifts it, undefined leaves it as it is. */
    limit: (dailyCredits: string | null | undefined, some: Some<Of<'server.limit'>> = {}) =>
      send({
        type: 'server.limit',
        ...{ serverId: some.serverId ?? 's', warnAtPercent: some.warnAtPercent },
        dailyCredits: typeof dailyCredits === 'string' ? parseCredits(dailyCredits) : dailyCredits,
        ...base(some),
      }),
    void: (eventId: string, some: Some<Of<'usage.void'>> = {}) =>
      send({ type: 'usage.void', eventId, reason: 'wrong', ...base(some) }),
    /** A call of that many credits, now unless `occurredAt` says otherwise. */
    call: (credits: string, some: Some<UsageEvent> & { queuedAt?: number } = {}): EventOutcome => {
      ids += 1;
      const { queuedAt = clock, ...rest } = some;
      const input = Number(parseCredits(credits)) / 1000;
      const event: UsageEvent = {
        ...{ id: `e${ids}`, accountId: 'a', serverId: 's', model: 'unit', occurredAt: clock },
        tokens: { input, output: 0, cacheRead: 0, cacheWrite: 0 },
        ...{ keySource: 'platform', attributes: [] },
        ...rest,
      };
      return applyEvent(model, event, { clock, queuedAt });
    },
    balance: (accountId = 'a'): Balance => readBalance(model, accountId, clock)!,
    /** Monthly, bonus and uncovered of the account, in credits. */
    left: (accountId = 'a'): string[] => {
      const { monthly, bonus, uncovered } = readBalance(model, accountId, clock)!;
      return [monthly.remaining, bonus.remaining, uncovered];
    },
    /** The ledger as lines `kind cycle monthly bonus uncovered`, in credits. */
    ledger: (accountId = 'a'): string[] =>
      readLedger(model, accountId, clock)!.map(
        ({ kind, cycle, monthly, bonus, uncovered }) =>
          `${kind} ${cycle}: ${[monthly, bonus, uncovered].map(signed).join(' ')}`,
      ),
    gate: (some: Some<Parameters<typeof readGate>[1]> = {}): string => {
      const answer = readGate(model, { accountId: 'a', serverId: 's', ...some }, clock);
      return answer.allow ? 'allow' : answer.reason;
    },
    /** The alerts of the account as `id: state`. */
    states: (): string[] => readAlerts(model, 'a', clock)!.alerts.map(({ id, state }) => `${id}: ${state}`),
    /** The mails about alerts and limits of the account as `kind of-what status`. */
    mails: (): string[] =>
      readAlerts(model, 'a', clock)!.mails.flatMap((mail) => {
        const about = mail.crossing?.alert.id ?? mail.serverId;
        return about === undefined ? [] : [`${mail.kind} ${about} ${mail.status}`];
      }),
    /** The other mails as `kind status`. */
    letters: (): string[] =>
      readAlerts(model, 'a', clock)!.mails.flatMap(({ kind, status, crossing, serverId }) =>
        crossing === undefined && serverId === undefined ? [`${kind} ${status}`] : [],
      ),
    /** What the platform heard of the account: the types in order, with the server of server events. */
    heard: (): string[] =>
      model.accounts
        .get('a')!
        .platformEvents.map(({ type, serverId }) => (serverId === undefined ? type : `${type} ${serverId}`)),
  };
};

/** −1 credit as "-1", nothing as "0". */
const signed = (amount: bigint): string => {
  const credits = Number(amount) / 1_000_000;
  return String(credits);
};
