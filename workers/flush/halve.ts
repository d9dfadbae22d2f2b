/**
 * Finds the rows that ClickHouse refuses for their content: the rows of a table are halved down to the single row, and
 * every half is parsed by ClickHouse into nothing, so the search has no effect and needs no seal. What it finds is
 * written into the seal before the block is sent again without those rows.
 * Only a refusal that a single row repeats counts: a refusal that no row repeats is not one of content.
 */
import { PermanentError, TransientError } from '../../core/errors.ts';
import type { RefusedRow } from '../../ledger/seal.ts';
import { REFUSED_ROWS_MAX, REFUSED_WORDS_CHARS_MAX } from './limits.ts';
import type { Row } from './row.ts';
import { ContentError, type FlushStore } from './store.ts';
import type { FlushTable } from './tables.ts';

/**
 * The refused ones among `rows`, by their index. Throws TransientError when every row is fine by itself, PermanentError
 * when more than REFUSED_ROWS_MAX are not: then program and tables do not fit, and nothing may be set aside.
 */
export async function findRefused(store: FlushStore, table: FlushTable, rows: readonly Row[]): Promise<RefusedRow[]> {
  const refused: RefusedRow[] = [];
  const probe = await store.prober(table);
  // Ranges still to be looked at, [from, to), the first one last.
  const ranges: [number, number][] = [[0, rows.length]];
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    const [from, to] = range;
    const error = await refusal(probe, rows.slice(from, to));
    if (error === undefined) continue;
    if (to - from > 1) {
      const middle = (from + to) >>> 1;
      ranges.push([middle, to], [from, middle]);
      continue;
    }
    refused.push({ row: from, code: error.code, words: error.words.slice(0, REFUSED_WORDS_CHARS_MAX) });
    if (refused.length > REFUSED_ROWS_MAX) throw tooMany(table);
  }
  if (refused.length === 0) {
    throw new TransientError(
      'refusal-unclear',
      `ClickHouse refused rows of ${table.name}, but none of them by itself.`,
    );
  }
  return refused;
}

async function refusal(
  probe: (rows: Buffer) => Promise<void>,
  rows: readonly Row[],
): Promise<ContentError | undefined> {
  try {
    await probe(Buffer.concat(rows.map(({ bytes }) => bytes)));
    return undefined;
  } catch (error) {
    if (error instanceof ContentError) return error;
    throw error;
  }
}

function tooMany(table: FlushTable): PermanentError {
  return new PermanentError(
    'too-many-refused',
    `ClickHouse refuses more than ${REFUSED_ROWS_MAX} rows of ${table.name} in one block: the table and this program do ` +
      'not fit together. Nothing was set aside or trimmed; look at the migrations.',
  );
}
