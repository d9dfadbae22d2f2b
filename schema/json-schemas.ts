/**
 * The JSON Schema files of everything that crosses an edge, made from the zod schemas: what a producer sends, before
 * parsing. schema/generate.ts writes them to schema/json; a test fails when they are not what this makes.
 * They say a little less than the schemas can: that a date exists or a time zone is known is checked on arrival only.
 */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { usageEventSchema } from './event.ts';
import { eventsJobSchema } from './events-job.ts';
import { COMMAND_SCHEMAS } from './parse-command.ts';
import { platformEventSchema } from './platform-event.ts';
import { priceBookSchema } from './price-book-schema.ts';

export const JSON_FOLDER = fileURLToPath(new URL('./json/', import.meta.url));

/** File name to text, ready to be written. A command's file is called after its type: `account.upsert.schema.json`. */
export const jsonSchemaFiles = (): ReadonlyMap<string, string> => {
  const schemas: [string, z.ZodType][] = [
    ['usage-event', usageEventSchema],
    ['events-job', eventsJobSchema],
    ...COMMAND_SCHEMAS,
    ['platform-event', platformEventSchema],
    ['price-book', priceBookSchema],
  ];
  return new Map(schemas.map(([name, schema]) => [`${name}.schema.json`, textOf(schema)]));
};

const textOf = (schema: z.ZodType): string => {
  // `input`: what is sent, so defaults are not required and transforms have not happened.
  const json = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
  return `${JSON.stringify(json, null, 2)}\n`;
};
