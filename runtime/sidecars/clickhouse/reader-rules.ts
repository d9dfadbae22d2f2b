/**
 * What a reader may say. `readonly=1` alone is not enough in chDB: the function `file()` reads any file of this
 * machine, INTO OUTFILE writes one, `merge()` reads a table past its filter. So only reading statements are let in, and
 * words that could do harm are refused wherever they stand in the raw text, comments and strings included: no trick of
 * quoting can hide them, and a value that contains one goes through a query parameter (`{name:String}`).
 */
import { CODE, HttpError } from './http-error.ts';
import { nextToken } from './lexer.ts';

/** Table of personal data that analysts must not read, in whatever database. */
export const HIDDEN_TABLE = 'account_contacts';

const READING = new Set(['SELECT', 'WITH', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS', '(']);
/** Whole words, any case. `eval` runs text as a query; the others read or write files, or read tables past a filter. */
const FORBIDDEN = /\b(file|infile|outfile|eval|executable|merge|mergeTree\w*|catboostEvaluate)\b/i;
/** Inside a quoted name `\x66` is a letter and `\N` is nothing, so either could write a forbidden word in disguise. */
const ESCAPES = /\\[xXN]/;
const HIDDEN = new RegExp(HIDDEN_TABLE, 'i');

/** Settings a reader may choose; they change how a result looks or make a query smaller, never what it may see. */
const FREE_SETTINGS =
  /^(output_format_\w+|date_time_output_format|session_timezone|extremes|limit|offset|max_result_rows|result_overflow_mode|max_rows_to_read|max_bytes_to_read|read_overflow_mode|max_memory_usage|max_block_size|join_use_nulls|joined_subquery_requires_alias|log_comment)$/;

/** Throws 403 when a reader may not say this. */
export function checkReader(sql: string, params: ReadonlyMap<string, string>): void {
  const first = nextToken(sql, 0);
  if (first === undefined || !READING.has(first.text))
    deny('only SELECT, WITH, SHOW, DESCRIBE, EXPLAIN and EXISTS are allowed');
  if (HIDDEN.test(sql)) deny(`"${HIDDEN_TABLE}" is hidden from it`);
  const word = FORBIDDEN.exec(sql)?.[0];
  if (word !== undefined)
    deny(`the word "${word}" is not allowed in its SQL; send a value that contains it as a query parameter`);
  if (ESCAPES.test(sql))
    deny('the escapes \\x and \\N are not allowed in its SQL; send such a value as a query parameter');
  if (/;(?!\s*$)/.test(sql))
    deny('a semicolon is allowed at the end only; send a value that contains one as a query parameter');
  for (const value of params.values()) if (HIDDEN.test(value)) deny(`"${HIDDEN_TABLE}" is hidden from it`);
}

/** Throws 403 when a reader may not choose this setting. */
export function checkReaderSetting(name: string): void {
  if (!FREE_SETTINGS.test(name)) {
    throw new HttpError(403, CODE.readonly, `Cannot modify '${name}' setting in readonly mode. (READONLY)`);
  }
}

function deny(why: string): never {
  throw new HttpError(403, CODE.accessDenied, `reader: ${why}. (ACCESS_DENIED)`);
}
