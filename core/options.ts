/** What a program hands to this package as an object of options or fields: an object, and nothing in it misspelt. */
import { PermanentError } from './errors.ts';
import { isPlainObject } from './plain-object.ts';
import { quotedCut } from './quoted.ts';

/**
 * The object itself. Throws PermanentError `invalid` when it is none, or has a key that `taker` does not take (`field`
 * is that key): a misspelt option would else be left out in silence. A key whose value is undefined counts as left out.
 */
export function knownKeys<T extends object>(taker: string, given: T, names: readonly (keyof T & string)[]): T {
  const accepted = `${taker} takes an object with ${names.join(', ')}`;
  if (!isPlainObject(given)) {
    throw new PermanentError('invalid', `${accepted}; it was given ${given === null ? 'null' : typeof given}.`);
  }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || (names as readonly string[]).includes(name)) continue;
    throw new PermanentError('invalid', `${quotedCut(name)} is unknown: ${accepted}.`, { field: name });
  }
  return given;
}
