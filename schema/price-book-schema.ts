/**
 * What a price book file may say. Shapes and ranges only; what must hold between its parts (unique names, aliases) is
 * checked where it is compiled, in schema/price-book.ts.
 */
import { z } from 'zod';
import { RATE_MICROS_PER_1000_MAX } from '../core/limits.ts';
import { formatCredits, parseCredits } from '../core/money.ts';
import { COMMAND_TIME_MS_MAX, freeText, id, readText, strictObject, time } from './fields.ts';

const LABEL_CHARS_MAX = 100;
/** More than any address that is typed or copied. */
const SCHEMA_ADDRESS_CHARS_MAX = 500;
const ACCEPTED_RATE =
  'credits per 1,000 tokens as a decimal string such as "0.375": at most six decimals, ' +
  `from 0 to ${formatCredits(BigInt(RATE_MICROS_PER_1000_MAX))}`;

/** µcr per 1,000 tokens: six decimals are all a price can have, so it is an integer. */
const rate = (pool: string) =>
  readText(ACCEPTED_RATE, (value): number => {
    const micros = Number(parseCredits(value));
    if (micros > RATE_MICROS_PER_1000_MAX) throw new RangeError('too dear');
    return micros;
  }).meta({ description: `Credits per 1,000 ${pool} tokens.`, pattern: '^\\d+(\\.\\d{1,6})?$' });

const modelSchema = strictObject('an object', {
  model: id('Name of the model, as rows and reports carry it.'),
  creditsPer1000Tokens: strictObject('an object of the pools input, output, cacheRead and cacheWrite', {
    input: rate('input'),
    output: rate('output'),
    cacheRead: rate('cache read'),
    cacheWrite: rate('cache write'),
  }).meta({ description: "The price of each pool; an event's cost is the exact sum, rounded up to a micro-credit." }),
  speed: freeText('Label shown to users.', 1, LABEL_CHARS_MAX),
  creditUsage: freeText('Label shown to users.', 1, LABEL_CHARS_MAX),
  bestFor: freeText('Label shown to users.', 1, LABEL_CHARS_MAX),
  aliases: z
    .array(id('Another name for the model in events.'), { error: () => 'a list of other names' })
    .default([])
    .meta({
      description: 'Other names that events may use for this model; none may be a name in this version already.',
    }),
}).meta({ description: 'One model.' });

const versionSchema = strictObject('an object', {
  name: id('Name of the version; its content never changes under it.'),
  effectiveFrom: time('Events that occurred from then on have these prices.', COMMAND_TIME_MS_MAX),
  models: z
    .array(modelSchema, { error: () => 'a list of models' })
    .min(1, { error: () => 'a list of at least one model' })
    .meta({ description: 'The models this version knows.' }),
}).meta({ description: 'One version of the prices.' });

export const priceBookSchema = strictObject('an object with versions', {
  $schema: freeText('For editors: the address of this schema.', 1, SCHEMA_ADDRESS_CHARS_MAX).optional(),
  versions: z
    .array(versionSchema, { error: () => 'a list of versions' })
    .min(1, { error: () => 'a list of at least one version' })
    .meta({ description: 'All versions ever used, in any order.' }),
}).meta({ title: 'PriceBook', description: 'What models cost, by version.' });

export type PriceBookFile = z.output<typeof priceBookSchema>;
export type PriceVersionFile = PriceBookFile['versions'][number];
