/**
 * What even the writer may not say: statements that would read or write files of this machine through the engine. The
 * writer's secret opens the database, not the disk. Table functions such as `file()` and `url()` are refused by the
 * engine itself (`config-xml.ts` grants none of their sources); these are what grants do not reach.
 */
import { CODE, HttpError } from './http-error.ts';
import { tokensOf } from './lexer.ts';

const CLIENT_SIDE = new Set(['INFILE', 'OUTFILE']);
const CALLS = new Set(['FILE', 'EVAL', 'CATBOOSTEVALUATE']);

/** Throws 403 for INFILE, OUTFILE and calls of `file`, `eval`; 400 for two statements in one request, as ClickHouse does. */
export function checkWriter(sql: string): void {
  const tokens = tokensOf(sql);
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    const name = token.kind === 'quoted' ? token.text.slice(1, -1).toUpperCase() : token.text;
    if (token.kind === 'word' && CLIENT_SIDE.has(token.text)) deny(`${token.text} is not allowed over HTTP`);
    if (next?.text === '(' && token.kind !== 'string' && CALLS.has(name))
      deny(`${name.toLowerCase()}() is not allowed`);
    if (token.kind === 'quoted' && next?.text === '(' && token.text.includes('\\'))
      deny('escapes in a function name are not allowed');
    if (token.text === ';' && next !== undefined) {
      throw new HttpError(400, CODE.syntaxError, 'Syntax error (Multi-statements are not allowed). (SYNTAX_ERROR)');
    }
  });
}

function deny(why: string): never {
  throw new HttpError(403, CODE.accessDenied, `${why}. (ACCESS_DENIED)`);
}
