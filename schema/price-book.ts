/**
 * From a price book file to the rules' PriceBook. Owns reading, checking and naming what is wrong by version, model and
 * field; prices of events are core/price.ts's.
 * Invariant: names are looked up in Maps, a name means one model within a version, and every rate is a whole µcr.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PermanentError } from '../core/errors.ts';
import { type ModelPrice, type PriceBook, type PriceVersion, priceBook } from '../core/price.ts';
import { quoted, SHOWN_CHARS_MAX } from '../core/quoted.ts';
import { type PriceVersionFile, priceBookSchema } from './price-book-schema.ts';
import { refusalOf } from './wording.ts';

/** The book that comes with the package. */
export const DEFAULT_PRICE_BOOK_PATH = fileURLToPath(new URL('./price-book.json', import.meta.url));

/** Reads and compiles a book. Throws `price-book-unreadable`, `price-book-invalid` or `price-book-ambiguous`. */
export const loadPriceBook = async (path: string = DEFAULT_PRICE_BOOK_PATH): Promise<PriceBook> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new PermanentError('price-book-unreadable', `The price book ${path} cannot be read: ${wordsOf(cause)}.`, {
      cause,
    });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new PermanentError('price-book-invalid', `The price book ${path} is not JSON: ${wordsOf(cause)}.`, { cause });
  }
  return compilePriceBook(json, path);
};

/** The rules' book of a file's JSON; `source` names the file in errors. Throws as `loadPriceBook`. */
export const compilePriceBook = (json: unknown, source = 'the price book'): PriceBook => {
  const result = priceBookSchema.safeParse(json);
  if (!result.success) {
    const { field, reason } = refusalOf(result.error, json, 'price book');
    throw invalid(`The price book ${source}${placeIn(json, field)} is refused: ${reason}`, field);
  }
  const versions = result.data.versions.map((version) => compileVersion(version, source));
  try {
    return priceBook(versions);
  } catch (cause) {
    if (!(cause instanceof PermanentError)) throw cause;
    throw new PermanentError(cause.code, `The price book ${source} is refused: ${cause.message}`, { cause });
  }
};

const compileVersion = (version: PriceVersionFile, source: string): PriceVersion => {
  const models = new Map<string, ModelPrice>();
  const aliases = new Map<string, string>();
  const at = `The price book ${source}, version "${version.name}"`;
  for (const { model, creditsPer1000Tokens: rates, speed, creditUsage, bestFor } of version.models) {
    if (models.has(model)) throw invalid(`${at}, is refused: model "${model}" is listed twice.`, 'model');
    const ratesMicrosPer1000 = [rates.input, rates.output, rates.cacheRead, rates.cacheWrite] as const;
    models.set(model, { model, ratesMicrosPer1000, speed, creditUsage, bestFor });
  }
  for (const { model, aliases: names } of version.models) {
    for (const name of names) {
      const taken = models.has(name) ? 'is a model' : aliases.has(name) && `already means "${aliases.get(name)}"`;
      if (taken)
        throw invalid(`${at}, model "${model}", is refused: alias "${name}" ${taken} in this version.`, 'aliases');
      aliases.set(name, model);
    }
  }
  return { name: version.name, effectiveFromMs: version.effectiveFrom, models, aliases };
};

const invalid = (message: string, field: string): PermanentError =>
  new PermanentError('price-book-invalid', message, { field });

/** ", version "…", model "…"" for a path such as versions[0].models[2].speed, where the file says their names. */
const placeIn = (json: unknown, field: string): string => {
  const [, version, model] = /^versions\[(\d+)\](?:\.models\[(\d+)\])?/.exec(field) ?? [];
  if (version === undefined) return '';
  const versionJson = (json as { versions: { name?: unknown; models?: { model?: unknown }[] }[] }).versions[
    Number(version)
  ];
  const name = (value: unknown): string =>
    typeof value === 'string' ? quoted(value.slice(0, SHOWN_CHARS_MAX)) : '(without a name)';
  const inVersion = `, version ${name(versionJson?.name)}`;
  return model === undefined ? inVersion : `${inVersion}, model ${name(versionJson?.models?.[Number(model)]?.model)}`;
};

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
