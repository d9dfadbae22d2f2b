/**
 * What a line is: an account command (it has a `type`), a usage event, or neither. Nothing more is checked here: the
 * workers validate, so that a bad event becomes a dead letter like one that came by the queue.
 */

export type Classified =
  | { readonly kind: 'event'; readonly event: object }
  /** `name` is the job's name; `data` is the line without its `type`. */
  | { readonly kind: 'command'; readonly name: string; readonly data: object }
  | { readonly kind: 'invalid'; readonly problem: string };

/** Far above any command's name; a longer one is not worth a place in Redis. */
const NAME_CHARS_MAX = 128;

/** Levels of a line; an event has three, a command four. A queue could not write down what is nested very deeply. */
const NESTING_MAX = 100;

/** `problem` follows "line 7"; it shows nothing of the line. */
export function classify(text: string): Classified {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: 'invalid', problem: `is not JSON${placeOf(error)}; accepted is one JSON object a line` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'invalid', problem: `is ${describe(value)}, but must be a JSON object` };
  }
  if (isTooDeep(text, value)) return { kind: 'invalid', problem: `is nested deeper than ${NESTING_MAX} levels` };
  if (!Object.hasOwn(value, 'type')) return { kind: 'event', event: value };
  const { type, ...data } = value as { type: unknown };
  if (typeof type === 'string' && type !== '' && type.length <= NAME_CHARS_MAX) {
    return { kind: 'command', name: type, data };
  }
  const what = typeof type === 'string' ? (type === '' ? 'an empty text' : 'a long text') : describe(type);
  return { kind: 'invalid', problem: `has a type that is ${what}, but must be the name of an account command` };
}

/** The text is looked at first: nearly no line has that many brackets at all. */
function isTooDeep(text: string, value: object): boolean {
  let brackets = 0;
  for (let i = 0; i < text.length; i += 1) if (text[i] === '{' || text[i] === '[') brackets += 1;
  if (brackets <= NESTING_MAX) return false;
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > NESTING_MAX) return true;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return false;
}

/** Where the parser stumbled. Its own words quote the line, which may hold personal data. */
function placeOf(error: unknown): string {
  const words = error instanceof Error ? error.message : '';
  const position = /at position (\d+)/.exec(words)?.[1];
  if (position !== undefined) return ` (column ${Number(position) + 1})`;
  return words.includes('end of JSON') || words.includes('Unterminated') ? ' (it ends too early)' : '';
}

function describe(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
