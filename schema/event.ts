/**
 * One usage event as it comes in. `parseUsageEvent` asks the fast path first, which takes surely valid events only;
 * zod decides and words everything else.
 * Fields that are not in the contract are refused by name, not ignored: a misspelt `keysource` or `cache_read` would
 * otherwise charge the wrong amount in silence. A newer producer's events wait as dead letters until the service knows
 * the field too, and `redrive` applies them then. What belongs to the call only goes into `attributes`.
 */
import { z } from 'zod';
import { ATTRIBUTE_KEY_CHARS_MAX, ATTRIBUTE_VALUE_CHARS_MAX, ATTRIBUTES_MAX, TOKENS_MAX } from '../core/limits.ts';
import type { UsageEvent } from '../core/types.ts';
import { fastUsageEvent } from './event-fast.ts';
import { EVENT_TIME_MS_MAX, id, integer, strictObject, time } from './fields.ts';
import { isFreeText } from './text.ts';
import { type Refusal, refusalOf } from './wording.ts';

const ACCEPTED_ATTRIBUTES =
  `an object of at most ${ATTRIBUTES_MAX} string pairs with keys of 1 to ${ATTRIBUTE_KEY_CHARS_MAX} characters, ` +
  'none of them a control character';
const ACCEPTED_VALUE = `a text of at most ${ATTRIBUTE_VALUE_CHARS_MAX} characters without control characters`;

const pool = (description: string) => integer(`${description} Left out: 0.`, 0, TOKENS_MAX).default(0);

const tokens = strictObject('an object of the pools input, output, cacheRead and cacheWrite', {
  input: pool('Input tokens that were neither read from nor written to a cache.'),
  output: pool('Output tokens.'),
  cacheRead: pool('Input tokens read from a cache; not counted in `input` again.'),
  cacheWrite: pool('Input tokens written to a cache; not counted in `input` again.'),
}).meta({ description: 'Tokens of the call in disjoint pools: no token is in two of them.' });

/** Read by hand and not with z.record, which drops a key called `__proto__` instead of keeping it. */
const attributes = z
  .unknown()
  .transform((value, context): UsageEvent['attributes'] => {
    const refused = (message: string, path: string[] = []): never => {
      context.addIssue({ code: 'custom', message, input: value, path });
      return z.NEVER;
    };
    if (value === undefined) return [];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refused(ACCEPTED_ATTRIBUTES);
    const pairs: [string, string][] = [];
    for (const [key, text] of Object.entries(value)) {
      if (key === '' || !isFreeText(key, ATTRIBUTE_KEY_CHARS_MAX)) return refused(ACCEPTED_ATTRIBUTES);
      if (typeof text !== 'string' || !isFreeText(text, ATTRIBUTE_VALUE_CHARS_MAX))
        return refused(ACCEPTED_VALUE, [key]);
      pairs.push([key, text]);
    }
    if (pairs.length > ATTRIBUTES_MAX) return refused(ACCEPTED_ATTRIBUTES);
    return pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  })
  .meta({
    description: 'Up to 16 string pairs kept with the raw row; they are not rolled up.',
    type: 'object',
    maxProperties: ATTRIBUTES_MAX,
    propertyNames: { minLength: 1, maxLength: ATTRIBUTE_KEY_CHARS_MAX },
    additionalProperties: { type: 'string', maxLength: ATTRIBUTE_VALUE_CHARS_MAX },
  });

/** A usage event (contract, "Usage event"). Parses to `UsageEvent`. */
export const usageEventSchema = strictObject('an object', {
  id: id('Minted once by the producer before the first send; every retry sends the same id and the same body.'),
  accountId: id('The account that is charged.'),
  serverId: id('The server that made the call.'),
  model: id('The model, by its name or an alias in the price book.'),
  occurredAt: time('When the model call happened.', EVENT_TIME_MS_MAX),
  tokens,
  keySource: z
    .enum(['platform', 'byok'], { error: () => '"platform" or "byok"' })
    .default('platform')
    .meta({
      description: "`byok`: the user's own provider key; costs no credits, is never blocked, is still rolled up.",
    }),
  attributes: attributes.optional(),
})
  .transform((event): UsageEvent => ({ ...event, attributes: event.attributes ?? [] }))
  .meta({ title: 'UsageEvent', description: 'One model call.' });

/** Checks one event. Never throws for a value that came as JSON; `reason` is one sentence for a person. */
export const parseUsageEvent = (value: unknown): { readonly ok: true; readonly event: UsageEvent } | Refusal => {
  const fast = fastUsageEvent(value);
  return fast === undefined ? parseUsageEventSlowly(value) : { ok: true, event: fast };
};

/** The same without the fast path: what it must agree with. */
export const parseUsageEventSlowly = (value: unknown): { readonly ok: true; readonly event: UsageEvent } | Refusal => {
  const result = usageEventSchema.safeParse(value);
  return result.success ? { ok: true, event: result.data } : refusalOf(result.error, value, 'event');
};
