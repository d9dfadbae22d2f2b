/**
 * Finds out whether a statement is an INSERT that brings its data along, and where the data begin. Data never reach the
 * SQL parser of chDB: a blank line in them would end them there, and what follows would run as SQL.
 */
import { nextToken, type Token } from './lexer.ts';

export type InsertHead = {
  /** `INSERT INTO t (a, b)`, as written. */
  readonly target: string;
  /** The statement's own `a = 1, b = 2` after SETTINGS, or ''. */
  readonly settings: string;
  readonly format: string;
  /** Index into the text at which the data begin. */
  readonly dataStart: number;
};

/**
 * The head of an INSERT with data; undefined for every other statement (also INSERT … SELECT). `text` may be cut off
 * after the head: `complete` says whether the whole statement is there. 'more' asks for more text.
 */
export function splitInsert(text: string, complete: boolean): InsertHead | undefined | 'more' {
  const more = complete ? undefined : ('more' as const);
  const first = nextToken(text, 0);
  if (first === undefined) return more;
  if (first.text !== 'INSERT') return first.end === text.length ? more : undefined;
  let depth = 0;
  let settingsFrom: Token | undefined;
  let targetEnd = first.end;
  let settingsEnd = 0;
  for (let token = nextToken(text, first.end); token; token = nextToken(text, token.end)) {
    if (token.end === text.length && more) return more;
    if (token.text === '(' || token.text === '{' || token.text === '[') depth += 1;
    else if (token.text === ')' || token.text === '}' || token.text === ']') depth -= 1;
    else if (depth === 0 && token.kind === 'word') {
      if (token.text === 'SELECT' || token.text === 'WITH' || token.text === 'WATCH' || token.text === 'FROM')
        return undefined;
      if (token.text === 'SETTINGS') {
        settingsFrom = token;
        settingsEnd = token.end;
        continue;
      }
      const isValues = token.text === 'VALUES' && nextToken(text, token.end)?.text !== '=';
      if (isValues || token.text === 'FORMAT') {
        const name = isValues ? { text: 'Values', end: token.end } : formatName(text, token.end);
        const mayGoOn = name === undefined || /^[ \t\f\r;]*$/.test(text.slice(name.end)); // the name, or its line end
        if (name === undefined || (more && mayGoOn)) return more;
        const head = { target: text.slice(first.start, targetEnd), settings: cut(text, settingsFrom, settingsEnd) };
        return { ...head, format: name.text, dataStart: isValues ? name.end : afterFormat(text, name.end) };
      }
    }
    if (settingsFrom) settingsEnd = token.end;
    else targetEnd = token.end;
  }
  if (more) return more;
  // `INSERT INTO t` and nothing else: data without a FORMAT are in ClickHouse's own Values.
  return {
    target: text.slice(first.start, targetEnd),
    settings: cut(text, settingsFrom, settingsEnd),
    format: 'Values',
    dataStart: text.length,
  };
}

function cut(text: string, settings: Token | undefined, end: number): string {
  return settings === undefined ? '' : text.slice(settings.end, end).trim();
}

function formatName(text: string, from: number): { text: string; end: number } | undefined {
  const token = nextToken(text, from);
  return token && { text: text.slice(token.start, token.end), end: token.end };
}

/** As ClickHouse does it: blanks after the format's name, then one line end, belong to the SQL. */
function afterFormat(text: string, from: number): number {
  return from + (/^[ \t\f]*;?[ \t\f]*\r?\n?/.exec(text.slice(from))?.[0].length ?? 0);
}
