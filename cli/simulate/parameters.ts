/**
 * What a `{"read": …}` line may say: for each read its parameters, named as the command's flags in camelCase, with what
 * each accepts. The same readers as the flags', so a line and a command line take the same values.
 */
import { z } from 'zod';
import { id, integer, readText, strictObject, timeZone } from '../../schema/fields.ts';
import { type Refusal, refusalOf, refuse } from '../../schema/wording.ts';
import { LISTED_MAX } from '../alerts/limits.ts';
import { intentFlag, timeFlag } from '../flags.ts';
import { CYCLE_MAX, LINES_MAX } from '../ledger/limits.ts';
import { BY_DEFAULT, byFlag } from '../usage/ask.ts';
import { BUCKETS, KEY_NAMES } from '../usage/query.ts';
import { PLATFORM_EVENTS_MAX } from './platform-events.ts';

const account = id('The account.');
const server = id('The server.');
const model = id('The model, by its name or an alias.');
/** A date, an ISO 8601 time with an offset, or epoch milliseconds. */
const instant = z.preprocess(
  (value) => (Number.isSafeInteger(value) ? String(value) : value),
  readText(
    'a date such as "2026-11-01", an ISO 8601 time with an offset such as "2026-11-01T12:00:00Z", or epoch milliseconds',
    timeFlag('a time'),
  ),
);
const keys = z.preprocess(
  (value) => (Array.isArray(value) ? value.join(',') || 'none' : value),
  readText(`"none", or some of ${KEY_NAMES.join(',')}, each once, as a list or a text with commas`, byFlag),
);
const choice = <T extends string>(choices: readonly T[]) =>
  z.enum(choices, { error: () => `one of ${choices.map((one) => JSON.stringify(one)).join(', ')}` });
const flag = z.boolean({ error: () => 'true or false' });

const intent = readText('a mail’s id such as "acct-42:mail:7"', intentFlag('mail'));
const listed = strictObject('an object', { account, limit: integer('Lines.', 1, LISTED_MAX).optional() });

const parameters = {
  balance: strictObject('an object', { account: account.optional(), all: flag.optional() }),
  ledger: strictObject('an object', {
    account,
    cycle: integer('The cycle.', 0, CYCLE_MAX).optional(),
    from: instant.optional(),
    to: instant.optional(),
    limit: integer('Lines.', 1, LINES_MAX).optional(),
    events: flag.optional(),
    verify: flag.optional(),
  }),
  gate: strictObject('an object', {
    account,
    server,
    keySource: choice(['platform', 'byok']).optional(),
    model: model.optional(),
  }),
  usage: strictObject('an object', {
    account: account.optional(),
    server: server.optional(),
    model: model.optional(),
    from: instant.optional(),
    to: instant.optional(),
    timeZone: timeZone('The zone.').optional(),
    by: keys.default(BY_DEFAULT),
    bucket: choice(BUCKETS).optional(),
  }),
  explain: strictObject('an object', { account, event: id('The event.').optional(), mail: intent.optional() }),
  alerts: listed,
  mails: listed,
  'platform-events': strictObject('an object', {
    account,
    limit: integer('Events.', 1, PLATFORM_EVENTS_MAX).optional(),
  }),
};

export type ReadName = keyof typeof parameters;
export const READ_NAMES = Object.keys(parameters) as ReadName[];

/** A read with its parameters checked. */
export type Read = { [Name in ReadName]: { name: Name; with: z.output<(typeof parameters)[Name]> } }[ReadName];

/** Reads the parameters of the read `name`: everything of its line but `read`. */
export function readOf(name: unknown, data: object): { readonly ok: true; readonly read: Read } | Refusal {
  const known = READ_NAMES.find((one) => one === name);
  if (known === undefined) {
    const accepted = READ_NAMES.map((one) => JSON.stringify(one)).join(', ');
    return refusalOf(z.enum(READ_NAMES, { error: () => `one of ${accepted}` }).safeParse(name).error!, name, 'read');
  }
  const parsed = parameters[known].safeParse(data);
  if (!parsed.success) return refusalOf(parsed.error, data, `the read ${known}`);
  return contradiction(known, parsed.data) ?? { ok: true, read: { name: known, with: parsed.data } as Read };
}

/** What no single parameter shows. */
function contradiction(name: ReadName, given: Record<string, unknown>) {
  const { account: one, all, verify, ...others } = given;
  if (name === 'explain' && (given.event === undefined) === (given.mail === undefined)) {
    return refuse(
      'event',
      given.mail === undefined
        ? 'is missing, but must be an event id (or give "mail")'
        : 'is given beside mail, but must be one or the other',
    );
  }
  if (name === 'balance' && (all === true) === (one !== undefined)) {
    return refuse(
      'account',
      all === true
        ? 'is given beside all, but must be one or the other'
        : 'is missing, but must be an account id (or give "all": true)',
    );
  }
  if (verify === true && Object.values(others).some((value) => value !== undefined)) {
    return refuse('verify', 'checks the whole ledger, and takes no parameter that chooses a part of it');
  }
  return undefined;
}
