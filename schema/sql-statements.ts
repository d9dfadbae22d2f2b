/**
 * Cuts a SQL file into statements: HTTP takes one a request, and nothing here depends on a server that takes more.
 * Owns quoting and comments only, so that a `;` inside 'text', `name`, "name", -- or a block comment ends nothing.
 */

/** Statements in order, without their `;`. Comments stay in them; a piece of comments alone is none. */
export const sqlStatements = (sql: string): string[] => {
  const statements: string[] = [];
  let start = 0;
  let hasWords = false;
  for (let at = 0; at < sql.length; ) {
    const next = endOfToken(sql, at);
    const isComment = sql.startsWith('--', at) || sql.startsWith('/*', at);
    if (sql[at] === ';') {
      if (hasWords) statements.push(sql.slice(start, at).trim());
      start = next;
      hasWords = false;
    } else if (!isComment && sql[at]!.trim() !== '') {
      hasWords = true;
    }
    at = next;
  }
  if (hasWords) statements.push(sql.slice(start).trim());
  return statements;
};

/** Where the comment, the quoted text or the single character that starts at `at` ends. */
const endOfToken = (sql: string, at: number): number => {
  if (sql.startsWith('--', at)) return endAfter(sql, '\n', at);
  if (sql.startsWith('/*', at)) return endAfter(sql, '*/', at + 2);
  const quote = sql[at]!;
  if (quote !== "'" && quote !== '"' && quote !== '`') return at + 1;
  for (let i = at + 1; i < sql.length; i += 1) {
    if (sql[i] === '\\') i += 1;
    // A doubled quote ends this text and starts the next one at once, which comes to the same.
    else if (sql[i] === quote) return i + 1;
  }
  return sql.length;
};

const endAfter = (sql: string, mark: string, from: number): number => {
  const found = sql.indexOf(mark, from);
  return found === -1 ? sql.length : found + mark.length;
};
