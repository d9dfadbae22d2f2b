/**
 * From what the ledger froze, what it knows of the owner now, and who used what, to what the mail says. Pure; addresses
 * are no part of a message.
 */
import { PermanentError } from '../../core/errors.ts';
import { forecastOf } from '../../core/forecast.ts';
import type { Balances, CrossedAlert, Message } from '../../emails/message.ts';
import { alertOf } from '../../ledger/alerts.ts';
import type { ClaimedMail } from '../../ledger/mail-outbox.ts';
import type { Used } from './breakdown.ts';
import type { Snapshot, SnapshotAlert } from './snapshot.ts';

/** Throws `mail-unreadable` when a number that its kind says is missing. */
export function messageOf(mail: ClaimedMail, snapshot: Snapshot, used: Used | undefined): Message {
  const { kind, profile } = mail;
  const base = {
    intentId: mail.intentId,
    reader: {
      accountId: mail.accountId,
      name: profile.name,
      locale: profile.locale,
      timeZone: profile.timeZone,
    },
    balances: balancesOf(snapshot),
    breakdown: used?.breakdown,
  };
  switch (kind) {
    case 'low-credits':
    case 'depleted':
      return {
        ...{ ...base, kind, crossed: crossedOf(given(snapshot.alert)) },
        others: given(snapshot.others).map(crossedOf),
      };
    case 'restored':
    case 'expiring':
      return { ...base, kind };
    case 'monthly-reset': {
      const { cycle, start, granted, uncovered } = given(snapshot.ended);
      return {
        ...{ ...base, kind, expired: BigInt(given(snapshot.expired)) },
        ended: { cycle, start, granted: BigInt(granted), uncovered: BigInt(uncovered) },
      };
    }
    case 'limit-warning':
    case 'limit-reached': {
      const warn = given(snapshot.warn);
      return {
        ...{ ...base, kind, serverId: given(snapshot.serverId), until: given(snapshot.until) },
        ...{ used: BigInt(given(snapshot.used)), limit: BigInt(given(snapshot.limit)) },
        warnAtPercent: warn < 0 ? undefined : warn,
      };
    }
    case 'receipt': {
      const { id, credits, price, reference, purchasedAt } = given(snapshot.purchase);
      const purchase = { id, credits: BigInt(credits), purchasedAt };
      return { ...base, kind, purchase: { ...purchase, price: price ?? undefined, reference: reference ?? undefined } };
    }
    case 'digest': {
      const { days, before } = given(used?.week);
      return { ...base, kind, firstDay: given(snapshot.firstDay), days, before };
    }
  }
}

function balancesOf(snapshot: Snapshot): Balances {
  const { at, cycle, start, stop, days, spent } = snapshot;
  const [monthly, bonus] = [BigInt(snapshot.monthly), BigInt(snapshot.bonus)];
  return {
    ...{ at, monthly, bonus, cycle, cycleStart: start, cycleEnd: stop },
    ...{ granted: BigInt(snapshot.granted), nextGrant: BigInt(snapshot.plan), uncovered: BigInt(snapshot.uncovered) },
    forecast: forecastOf({
      ...{ days, spent: spent < 0 ? undefined : BigInt(spent), remaining: monthly + bonus, nowMs: at, endMs: stop },
    }),
  };
}

const crossedOf = ({ kind, id, number, builtIn, threshold }: SnapshotAlert): CrossedAlert => ({
  alert: alertOf(kind, id, Number(number)),
  builtIn,
  threshold: BigInt(threshold),
});

function given<T>(value: T | undefined): T {
  if (value !== undefined) return value;
  throw new PermanentError('mail-unreadable', 'What this mail says is not whole.');
}
