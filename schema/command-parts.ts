/**
 * The parts that account commands are made of: plan, opening, price, alerts. Field by field as in schema/fields.ts.
 */
import { z } from 'zod';
import { ALERTS_MAX } from '../core/limits.ts';
import { credits, hundredths, id, strictObject } from './fields.ts';

/** A runway of more than a year says nothing: the next grant is at most a month away. */
const RUNWAY_DAYS_MAX = 366;
/** Twelve digits and up to six decimals hold every currency; the amount is shown, never calculated with. */
const AMOUNT_PATTERN = /^(0|[1-9]\d{0,11})(?:\.(\d{1,6}))?$/;
const ACCEPTED_AMOUNT = 'an amount such as "49.90": not negative, at most 12 digits and six decimals, no exponent';

export const plan = strictObject('an object of id and monthlyCredits', {
  id: id('Name of the plan.'),
  monthlyCredits: credits('What the account is granted each cycle.'),
}).meta({ description: 'The plan from now on (rule 6).' });

export const opening = strictObject('an object of monthlyRemaining and bonus', {
  monthlyRemaining: credits("What is left of this cycle's monthly credits; at most the plan's monthlyCredits."),
  bonus: credits('Bonus credits brought along.'),
}).meta({ description: 'Balances of an account moved in from elsewhere; read when the account is first seen only.' });

/** A decimal string, or a number as JSON prints it; zeros at the end go, so "10.00" and 10 are the same body. */
const amount = z
  .union([z.string(), z.number()], { error: () => ACCEPTED_AMOUNT })
  .transform((value, context): string => {
    const match = AMOUNT_PATTERN.exec(String(value));
    if (match !== null) {
      const decimals = (match[2] ?? '').replace(/0+$/, '');
      return decimals === '' ? match[1]! : `${match[1]}.${decimals}`;
    }
    context.addIssue({ code: 'custom', message: ACCEPTED_AMOUNT, input: value });
    return z.NEVER;
  })
  .meta({ description: 'Amount of money, for display.' });

const currency = z
  .string({ error: () => 'an ISO 4217 code such as "EUR"' })
  .regex(/^[A-Za-z]{3}$/, { error: () => 'an ISO 4217 code such as "EUR"' })
  .transform((code) => code.toUpperCase())
  .meta({ description: 'ISO 4217 code.' });

export const price = strictObject('an object of amount and currency', { amount, currency }).meta({
  description: 'What was paid, for display.',
});

const alert = z
  .discriminatedUnion(
    'kind',
    [
      strictObject('an object', {
        id: id('Name of the alert, unique in the list.'),
        kind: z.literal('absolute').meta({ description: 'What it watches.' }),
        credits: credits('Fires when monthly plus bonus credits are at this or below.'),
      }),
      strictObject('an object', {
        id: id('Name of the alert, unique in the list.'),
        kind: z.literal('percent').meta({ description: 'What it watches.' }),
        percent: hundredths("Fires at this percentage of the cycle's grant or below.", 100),
      }),
      strictObject('an object', {
        id: id('Name of the alert, unique in the list.'),
        kind: z.literal('runway').meta({ description: 'What it watches.' }),
        days: hundredths(
          'Fires when the credits last this many days or less at the pace of the last seven.',
          RUNWAY_DAYS_MAX,
        ),
      }),
    ],
    { error: (issue) => (issue.code === 'invalid_union' ? '"absolute", "percent" or "runway"' : 'an object') },
  )
  .meta({ description: 'One alert (rule 9).' });

/** The whole list, with unique ids. */
export const alerts = z
  .array(alert, { error: () => `a list of at most ${ALERTS_MAX} alerts` })
  .max(ALERTS_MAX, { error: () => `a list of at most ${ALERTS_MAX} alerts` })
  .superRefine((list, context) => {
    const seen = new Set<string>();
    for (const [i, one] of list.entries()) {
      if (seen.has(one.id)) {
        context.addIssue({
          code: 'custom',
          path: [i, 'id'],
          message: 'another id than the alerts before it',
          input: one.id,
        });
      }
      seen.add(one.id);
    }
  })
  .meta({
    description: "The account's own alerts: the whole list replaces the one before. Null or an empty list: none.",
  });
