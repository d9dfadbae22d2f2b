/**
 * Cuts ClickHouse SQL into tokens, by the rules of ClickHouse's own lexer: what is a comment, a string, a name. Owns no
 * grammar. Security never rests on it alone (`reader-rules.ts` looks at the raw text); it finds where an INSERT's data begins.
 */
export type Token = {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'mark';
  readonly start: number;
  readonly end: number;
  /** The token as written; words in upper case for comparing. */
  readonly text: string;
};

/** ASCII only: the text is decoded byte by byte, and a byte of a longer character must not look like a blank. */
const SPACE = /[ \t\n\r\f\v]/;
const WORD_START = /[A-Za-z_]/;
const WORD_PART = /[A-Za-z0-9_$]/;

/** The next token at or after `from`; undefined at the end. */
export function nextToken(sql: string, from: number): Token | undefined {
  const start = skipBlank(sql, from);
  const first = sql[start];
  if (first === undefined) return undefined;
  const token = (kind: Token['kind'], end: number): Token => {
    const text = sql.slice(start, end);
    return { kind, start, end, text: kind === 'word' ? text.toUpperCase() : text };
  };
  if (WORD_START.test(first)) return token('word', runEnd(sql, start, WORD_PART));
  if (/[0-9]/.test(first)) return token('number', runEnd(sql, start, /[A-Za-z0-9_.]/));
  if (first === "'") return token('string', quoteEnd(sql, start));
  if (first === '"' || first === '`') return token('quoted', quoteEnd(sql, start));
  if (first === '$') {
    const tag = /^\$\w*\$/.exec(sql.slice(start, start + 64))?.[0];
    const close = tag === undefined ? -1 : sql.indexOf(tag, start + tag.length);
    if (tag !== undefined && close >= 0) return token('string', close + tag.length);
  }
  return token('mark', start + 1);
}

/** All tokens of a text, at most `countMax`. */
export function tokensOf(sql: string, countMax = Number.POSITIVE_INFINITY): Token[] {
  const tokens: Token[] = [];
  for (let token = nextToken(sql, 0); token && tokens.length < countMax; token = nextToken(sql, token.end)) {
    tokens.push(token);
  }
  return tokens;
}

/** Skips white space and comments: `--` and `#!`/`# ` to the end of the line, C comments (which do not nest). */
function skipBlank(sql: string, from: number): number {
  let at = from;
  for (;;) {
    const char = sql[at];
    if (char === undefined) return at;
    if (SPACE.test(char)) at += 1;
    else if (sql.startsWith('--', at) || sql.startsWith('#!', at) || sql.startsWith('# ', at)) {
      const end = sql.indexOf('\n', at);
      at = end < 0 ? sql.length : end + 1;
    } else if (sql.startsWith('/*', at)) {
      const end = sql.indexOf('*/', at + 2);
      at = end < 0 ? sql.length : end + 2;
    } else return at;
  }
}

function runEnd(sql: string, start: number, part: RegExp): number {
  let end = start + 1;
  while (end < sql.length && part.test(sql[end] as string)) end += 1;
  return end;
}

/** The end of a quoted text: backslash escapes, and the quote doubled. */
function quoteEnd(sql: string, start: number): number {
  const quote = sql[start];
  let at = start + 1;
  while (at < sql.length) {
    if (sql[at] === '\\') at += 2;
    else if (sql[at] !== quote) at += 1;
    else if (sql[at + 1] === quote) at += 2;
    else return at + 1;
  }
  return sql.length;
}
