/**
 * The seven account commands as they come in, one schema each, parsed to the shapes of core/types.ts: a field that was
 * left out is `undefined`, one that was given as null is `null` where null clears it, and counts as left out elsewhere.
 * Unknown fields are refused by name, as in events. `type` may stand in the data beside the job's name, if it is the same.
 */
import { z } from 'zod';
import { REASON_CHARS_MAX, REFERENCE_CHARS_MAX } from '../core/limits.ts';
import type * as Core from '../core/types.ts';
import { alerts, opening, plan, price } from './command-parts.ts';
import * as field from './fields.ts';

const silent = z
  .boolean({ error: () => 'true or false' })
  .default(false)
  .meta({ description: 'True: crossings are recorded, nothing is sent (moving in, backfilling).' });

/** What every command has. `at` is read by upsert, alerts.set and server.limit only. */
const base = <Type extends Core.CommandType>(type: Type) => ({
  type: z
    .literal(type, { error: () => `"${type}", as the job is named` })
    .optional()
    .meta({ description: "The job's name again." }),
  id: field.id('Makes the command idempotent for the life of the account.'),
  accountId: field.id('The account.'),
  at: field.clearable(
    field.time(
      'When the platform decided it; left out: when it was queued. An older one than the last applied is stale.',
      field.COMMAND_TIME_MS_MAX,
    ),
  ),
  silent,
});

const common = (sent: { id: string; accountId: string; at?: number | null | undefined; silent: boolean }) => ({
  id: sent.id,
  accountId: sent.accountId,
  at: sent.at ?? undefined,
  silent: sent.silent,
});

export const accountUpsert = field
  .strictObject('an object', {
    ...base('account.upsert'),
    email: field.email('Where mails go. Needed at first sight.').optional(),
    timeZone: field.timeZone('IANA time zone of cycles and days. Needed at first sight.').optional(),
    anchor: field.anchor('Local date-time of the first cycle in that zone. Needed at first sight.').optional(),
    plan: plan.optional(),
    name: field.clearable(field.personName('Name of the owner, for mails; null clears it.')),
    locale: field.clearable(field.locale('BCP 47 language tag, for mails; null clears it.')),
    recipients: field.clearable(field.recipients('Up to five further addresses; null clears them.')),
    opening: field.clearable(opening),
  })
  .transform(
    (sent): Core.AccountUpsert => ({
      type: 'account.upsert',
      ...common(sent),
      email: sent.email,
      timeZone: sent.timeZone,
      anchor: sent.anchor,
      plan: sent.plan,
      name: sent.name,
      locale: sent.locale,
      recipients: sent.recipients,
      opening: sent.opening ?? undefined,
    }),
  )
  .meta({
    title: 'account.upsert',
    description:
      'Opens an account, or changes it. The first one needs email, timeZone, anchor and plan; a field left out later keeps its value.',
  });

export const accountClose = field
  .strictObject('an object', {
    ...base('account.close'),
    reason: field.freeText('Why; shown in the ledger.', 1, REASON_CHARS_MAX),
  })
  .transform((sent): Core.AccountClose => ({ type: 'account.close', ...common(sent), reason: sent.reason }))
  .meta({
    title: 'account.close',
    description: 'No more grants or mails, calls are denied, bonus is kept; an upsert reopens.',
  });

export const creditsPurchase = field
  .strictObject('an object', {
    ...base('credits.purchase'),
    credits: field.credits('Bonus credits bought.', { aboveZero: true }),
    price: field.clearable(price),
    purchasedAt: field.clearable(field.time('When they were bought, for display.', field.COMMAND_TIME_MS_MAX)),
    reference: field.clearable(field.freeText('Invoice or payment number.', 0, REFERENCE_CHARS_MAX)),
  })
  .transform(
    (sent): Core.CreditsPurchase => ({
      type: 'credits.purchase',
      ...common(sent),
      credits: sent.credits,
      price: sent.price ?? undefined,
      purchasedAt: sent.purchasedAt ?? undefined,
      reference: sent.reference ?? undefined,
    }),
  )
  .meta({ title: 'credits.purchase', description: 'Adds bonus credits.' });

export const creditsRefund = field
  .strictObject('an object', {
    ...base('credits.refund'),
    purchaseId: field.id('Id of the purchase command.'),
    credits: field.credits('What is asked for; at most what is left of the purchase and of the bonus is taken.', {
      aboveZero: true,
    }),
  })
  .transform(
    (sent): Core.CreditsRefund => ({
      type: 'credits.refund',
      ...common(sent),
      purchaseId: sent.purchaseId,
      credits: sent.credits,
    }),
  )
  .meta({ title: 'credits.refund', description: 'Takes bonus credits of one purchase back.' });

export const alertsSet = field
  .strictObject('an object', {
    ...base('alerts.set'),
    alerts: alerts.nullable().meta({ description: alerts.description ?? '' }),
  })
  .transform((sent): Core.AlertsSet => ({ type: 'alerts.set', ...common(sent), alerts: sent.alerts ?? [] }))
  .meta({ title: 'alerts.set', description: "Replaces the account's alerts." });

export const serverLimit = field
  .strictObject('an object', {
    ...base('server.limit'),
    serverId: field.id('The server.'),
    dailyCredits: field.clearable(
      field.credits("Most that the server's events of one local day may cost; null lifts the limit."),
    ),
    warnAtPercent: field.clearable(
      field.hundredths('Sends a mail at this percentage of the limit; null clears it.', 100),
    ),
  })
  .transform(
    (sent): Core.ServerLimit => ({
      type: 'server.limit',
      ...common(sent),
      serverId: sent.serverId,
      dailyCredits: sent.dailyCredits,
      warnAtPercent: sent.warnAtPercent,
    }),
  )
  .meta({
    title: 'server.limit',
    description: 'Limits what one server may use a day, in the time zone of the account.',
  });

export const usageVoid = field
  .strictObject('an object', {
    ...base('usage.void'),
    eventId: field.id('The event to undo.'),
    reason: field.freeText('Why; shown in the ledger.', 1, REASON_CHARS_MAX),
  })
  .transform(
    (sent): Core.UsageVoid => ({ type: 'usage.void', ...common(sent), eventId: sent.eventId, reason: sent.reason }),
  )
  .meta({ title: 'usage.void', description: 'Undoes one event; each part goes back to where it came from (rule 7).' });
