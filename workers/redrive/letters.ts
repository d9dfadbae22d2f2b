/** Dead letters that were not redriven yet, from ClickHouse, in the order in which they were set aside. */
import type { ClickHouseClient } from '@clickhouse/client';
import type { DeadLetterReason } from '../../ledger/dead-letters.ts';
import type { StoredLetter } from './read-letter.ts';

/** Letters in memory at once: full ones are 64 KiB each. */
const PAGE = 200;

const QUERY = (filter: string): string => `
  SELECT key, kind, reason, account_id, id, field, detail, body,
    toString(toUnixTimestamp64Milli(queued_at)) AS queued_at, toString(dead_letters.sequence) AS at_sequence
  FROM dead_letters
  WHERE (dead_letters.sequence, key) > ({sequence: UInt64}, {key: String}) AND dead_letters.sequence <= {last: UInt64} ${filter}
    AND key NOT IN (SELECT key FROM redriven_letters)
  ORDER BY dead_letters.sequence, key LIMIT {page: UInt32}`;

export interface LetterRange {
  /** Letters that are set aside after this sequence number are left out: a redrive does not run after itself. */
  readonly last: number;
  readonly reason?: DeadLetterReason | undefined;
}

/** Pages of letters. Not to be asked as a reader, who is shown no commands. */
export async function* pagesOfLetters(
  clickhouse: ClickHouseClient,
  { last, reason }: LetterRange,
): AsyncGenerator<StoredLetter[]> {
  const query = QUERY(reason === undefined ? '' : 'AND reason = {reason: String}');
  for (let [sequence, key] = [0, '']; ; ) {
    const query_params = { sequence, key, last, page: PAGE, ...(reason === undefined ? {} : { reason }) };
    const result = await clickhouse.query({ query, query_params, format: 'JSONEachRow' });
    const page = (await result.json<Record<string, string>>()).map(toLetter);
    if (page.length === 0) return;
    yield page;
    const end = page.at(-1)!;
    [sequence, key] = [end.sequence, end.key];
  }
}

function toLetter(row: Record<string, string>): StoredLetter {
  const { key, kind, reason, account_id, id, field, detail, body, queued_at, at_sequence } = row;
  return {
    ...{ key: key!, kind: kind as StoredLetter['kind'], reason: reason as DeadLetterReason },
    ...{ accountId: account_id!, id: id!, field: field!, detail: detail!, body: body! },
    queuedAt: Number(queued_at),
    sequence: Number(at_sequence),
  };
}
