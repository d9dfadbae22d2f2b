/**
 * What a refusal says: one plain sentence with the field, what is wrong with its value, and what is accepted.
 * The schemas give each field's `accepted` as zod's error message; this file finds the value and puts the words around
 * it. Invariant: a sentence shows at most 40 characters of a value, and none of one that is about a person.
 */
import type { z } from 'zod';
import { quoted, SHOWN_CHARS_MAX } from '../core/quoted.ts';

/** `field` is a path such as `tokens.input` or `alerts[0].credits`. */
export type Refusal = { readonly ok: false; readonly field: string; readonly reason: string };

/** Shown by length only: dead letters and logs hold no personal data. */
const PERSONAL_FIELDS: ReadonlySet<PropertyKey | undefined> = new Set(['email', 'name', 'recipients']);

/** The first thing that is wrong, in words. `what` names the whole: "event", "command". */
export const refusalOf = (error: z.ZodError, input: unknown, what: string): Refusal => {
  const issue = error.issues[0];
  if (issue === undefined) throw new TypeError('A zod error without an issue.');
  if (issue.code === 'unrecognized_keys') {
    const field = fieldName([...issue.path, ...issue.keys.slice(0, 1)], what);
    return refuse(field, `is not a known field; accepted are ${issue.message}`);
  }
  const personal = PERSONAL_FIELDS.has(issue.path[0]);
  return refuse(
    fieldName(issue.path, what),
    `${describe(valueAt(input, issue.path), personal)}, but must be ${issue.message}`,
  );
};

export const refuse = (field: string, rest: string): Refusal => ({ ok: false, field, reason: `${field} ${rest}.` });

/** "is missing", "is a list of 3", "is 1.5", "is the text \"yesterday\"": never more than 40 characters of the value. */
export const describe = (value: unknown, personal = false): string => {
  if (value === undefined) return 'is missing';
  if (value === null || typeof value === 'boolean') return `is ${value}`;
  if (typeof value === 'string') return describeText(value, personal);
  if (typeof value === 'number') return personal ? 'is a number' : `is ${Object.is(value, -0) ? '-0' : value}`;
  if (Array.isArray(value)) return `is a list of ${value.length}`;
  return `is ${typeof value === 'object' ? 'an object' : `a ${typeof value}`}`;
};

const describeText = (text: string, personal: boolean): string => {
  if (text === '') return 'is an empty text';
  if (personal) return `is a text of ${text.length} characters`;
  if (text.length <= SHOWN_CHARS_MAX) return `is the text ${quoted(text)}`;
  return `is a text of ${text.length} characters (${quoted(text.slice(0, SHOWN_CHARS_MAX))}…)`;
};

/** `tokens.input`, `alerts[0].credits`; a name that is no plain word is quoted and cut. */
const fieldName = (path: readonly PropertyKey[], what: string): string => {
  let field = '';
  for (const part of path) {
    if (typeof part === 'number') field += `[${part}]`;
    else field += `${field === '' ? '' : '.'}${plainName(String(part))}`;
  }
  return field === '' ? what : field;
};

const plainName = (name: string): string =>
  /^[A-Za-z0-9_$-]{1,40}$/.test(name) ? name : quoted(name.slice(0, SHOWN_CHARS_MAX));

/** Own properties only: a field called `constructor` that is not there is missing, not a function. */
const valueAt = (input: unknown, path: readonly PropertyKey[]): unknown => {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
};
