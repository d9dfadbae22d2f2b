/**
 * The JSON Schema files, walked: every field of a payload by its path, a payload that has them all, and whether a value
 * passes a schema. Knows the keywords that these files use, and throws at any other.
 */
import { readFileSync } from 'node:fs';

export type Schema = Readonly<Record<string, unknown>>;
export type Path = readonly (string | number)[];

export const readSchema = (name: string): Schema =>
  JSON.parse(readFileSync(`schema/json/${name}.schema.json`, 'utf8')) as Schema;

/** `tokens.input`, `alerts[0].credits`. */
export const pathText = (path: Path): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}${text === '' ? '' : '.'}${part}`),
    '',
  );

/** Every field, objects and lists and what is in them, with its schema. Lists are walked at their first element. */
export function fieldsOf(schema: Schema, path: Path = []): [Path, Schema][] {
  return branches(schema).flatMap((one): [Path, Schema][] => [
    ...Object.entries((one.properties ?? {}) as Record<string, Schema>).flatMap(([name, field]): [Path, Schema][] => [
      [[...path, name], field],
      ...fieldsOf(field, [...path, name]),
    ]),
    ...(isSchema(one.items) ? fieldsOf(one.items, [...path, 0]) : []),
  ]);
}

/** Of alternatives at one path (the kinds of an alert) each is walked. */
const branches = (schema: Schema): Schema[] => {
  const some = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  return some === undefined ? [schema] : some.flatMap(branches);
};

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

/** A copy of `payload` in which `path` has `value`; `undefined` takes the field away. */
export function withValue<T>(payload: T, path: Path, value: unknown): T {
  const [part, ...rest] = path;
  if (part === undefined) return value as T;
  const copy = (Array.isArray(payload) ? [...payload] : { ...(payload as object) }) as Record<string | number, unknown>;
  if (rest.length === 0 && value === undefined) delete copy[part];
  else Object.defineProperty(copy, part, { ...FIELD, value: withValue(copy[part], rest, value) });
  return copy as T;
}

/** Not assigned: a field called `__proto__` is one like any other. */
const FIELD = { enumerable: true, configurable: true, writable: true } as const;

export const valueAt = (payload: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, part) => (value as Record<string | number, unknown> | undefined)?.[part], payload);

const CHECKS: Readonly<Record<string, (value: unknown, rule: never, schema: Schema) => boolean>> = {
  type: (value, rule: string | readonly string[]) => [rule].flat().some((type) => isOfType(value, type)),
  const: (value, rule: unknown) => value === rule,
  enum: (value, rule: readonly unknown[]) => rule.includes(value),
  pattern: (value, rule: string) => typeof value !== 'string' || new RegExp(rule, 'u').test(value),
  minLength: (value, rule: number) => typeof value !== 'string' || value.length >= rule,
  maxLength: (value, rule: number) => typeof value !== 'string' || value.length <= rule,
  minimum: (value, rule: number) => typeof value !== 'number' || value >= rule,
  maximum: (value, rule: number) => typeof value !== 'number' || value <= rule,
  exclusiveMinimum: (value, rule: number) => typeof value !== 'number' || value > rule,
  minItems: (value, rule: number) => !Array.isArray(value) || value.length >= rule,
  maxItems: (value, rule: number) => !Array.isArray(value) || value.length <= rule,
  maxProperties: (value, rule: number) => !isSchema(value) || Object.keys(value).length <= rule,
  anyOf: (value, rule: readonly Schema[]) => rule.some((one) => passes(value, one)),
  oneOf: (value, rule: readonly Schema[]) => rule.some((one) => passes(value, one)),
  items: (value, rule: Schema) => !Array.isArray(value) || value.every((one) => passes(one, rule)),
  required: (value, rule: readonly string[]) => !isSchema(value) || rule.every((name) => Object.hasOwn(value, name)),
  properties: (value, rule: Readonly<Record<string, Schema>>) =>
    !isSchema(value) ||
    Object.entries(rule).every(([name, one]) => !Object.hasOwn(value, name) || passes(value[name], one)),
  propertyNames: (value, rule: Schema) => !isSchema(value) || Object.keys(value).every((name) => passes(name, rule)),
  additionalProperties: (value, rule: boolean | Schema, { properties = {} }) => {
    if (!isSchema(value) || Array.isArray(value)) return true;
    const others = Object.entries(value).filter(([name]) => !Object.hasOwn(properties as object, name));
    return rule === false ? others.length === 0 : rule === true || others.every(([, one]) => passes(one, rule));
  },
};
const WORDS = new Set(['$schema', 'title', 'description', 'default', 'examples', 'format']);

/** Whether a value passes a schema. */
export function passes(value: unknown, schema: Schema): boolean {
  return Object.entries(schema).every(([keyword, rule]) => {
    if (WORDS.has(keyword)) return true;
    const check = CHECKS[keyword];
    if (check === undefined) throw new Error(`The keyword ${keyword} is new: teach it to ${import.meta.url}.`);
    return check(value, rule as never, schema);
  });
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isSchema(value) && !Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'number') return Number.isFinite(value);
  return typeof value === type;
}
