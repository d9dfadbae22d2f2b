/**
 * How the flusher talks to ClickHouse: one insert, one probe that leaves no trace, one question.
 * Owns the settings that money depends on; every one is given with every insert and none is left to a session.
 */
import { Readable } from 'node:stream';
import { type ClickHouseClient, ClickHouseError, type ClickHouseSettings } from '@clickhouse/client';
import { TransientError } from '../../core/errors.ts';
import type { FlushTable } from './tables.ts';

/**
 * Rows of one insert that stay one block, and so one part a month: far above what a block may have. Two parts of one
 * month could be lost one by one, and no mark would tell.
 */
const ONE_BLOCK_ROWS = '1000000';
/** Months of one insert: a redriven event may be of any age. */
const PARTITIONS_PER_INSERT_MAX = '1000';

const ONE_BLOCK: ClickHouseSettings = {
  async_insert: 0,
  max_insert_block_size: ONE_BLOCK_ROWS,
  min_insert_block_size_rows: ONE_BLOCK_ROWS,
  min_insert_block_size_bytes: '0',
  // What a rollup's view makes of the block comes out in blocks of this size.
  max_block_size: ONE_BLOCK_ROWS,
  max_insert_threads: '1',
  input_format_parallel_parsing: 0,
  max_partitions_per_insert_block: PARTITIONS_PER_INSERT_MAX,
  parallel_view_processing: 0,
  materialized_views_ignore_errors: 0,
  // An answer of 200 means that it is done, not that it has begun.
  wait_end_of_query: 1,
};

const ONCE: ClickHouseSettings = { insert_deduplicate: 1, deduplicate_blocks_in_dependent_materialized_views: 1 };

/**
 * ClickHouse's errors of content: the bytes of a row are wrong, and no other try will make them right. One that is
 * missing here is tried again for ever and says so in the log; one too many is caught by the search for the row.
 * 3, 32, 33 end of data · 6, 25–27, 72, 117, 130, 467, 563, 632 text · 38, 41 times · 53, 69, 70, 321, 407 values
 * 128, 131 sizes · 349 null · 376, 441, 675, 676 UUIDs and addresses · 469 constraint · 691 enum
 */
const CONTENT_CODES = new Set([
  ...['3', '6', '25', '26', '27', '32', '33', '38', '41', '53', '69', '70', '72', '117', '128', '130', '131', '321'],
  ...['349', '376', '407', '441', '467', '469', '563', '632', '675', '676', '691'],
]);

/** ClickHouse said for certain that it refuses the content of an insert. `words` are its first line. */
export class ContentError extends Error {
  readonly table: FlushTable;
  readonly code: string;
  readonly words: string;

  constructor(table: FlushTable, error: ClickHouseError) {
    super(`ClickHouse refused rows of ${table.name} for their content (${error.type ?? error.code}).`);
    this.name = 'ContentError';
    this.table = table;
    this.code = error.type ?? error.code;
    this.words = firstLine(error.message);
  }
}

/** What every query of one block carries as `log_comment`, so that one that still runs can be seen. */
export type BlockLabel = string;

export interface FlushStore {
  /** Inserts a table's whole block through its landing table. The token makes a second sender have no effect. */
  insertOnce(table: FlushTable, chunks: readonly Buffer[], token: string, label: BlockLabel): Promise<void>;
  /** Inserts rows that are known to be missing straight into the target, past tokens and views. */
  insertMissing(table: FlushTable, chunks: readonly Buffer[], label: BlockLabel): Promise<void>;
  /** INSERT … SELECT of rows that are known to be missing. */
  selectMissing(query: string, label: BlockLabel): Promise<void>;
  /** A probe parses rows as the table would and throws them away. It throws ContentError when it cannot. */
  prober(table: FlushTable): Promise<(rows: Buffer) => Promise<void>>;
  ask<T>(query: string, params?: Record<string, unknown>): Promise<T[]>;
}

/** The store over a client whose database is the flowly one. Methods throw ContentError and TransientError. */
export function flushStore(clickhouse: ClickHouseClient): FlushStore {
  async function send(
    table: FlushTable,
    into: string,
    chunks: readonly Buffer[],
    settings: ClickHouseSettings,
  ): Promise<void> {
    const query = `INSERT INTO ${into} FORMAT ${table.format}`;
    await said(table, async () => {
      const values = Readable.from(chunks, { objectMode: false });
      const { stream } = await clickhouse.exec({ query, values, clickhouse_settings: { ...ONE_BLOCK, ...settings } });
      await stream.resume().toArray();
    });
  }

  const ask = <T>(query: string, params: Record<string, unknown> = {}): Promise<T[]> =>
    said(undefined, async () => {
      const result = await clickhouse.query({ query, query_params: params, format: 'JSONEachRow' });
      return await result.json<T>();
    });

  /** The settings that turn tokens off: `insert_deduplicate` is ignored since 26.1, the others are unknown before it. */
  let uncheckedOnce: Promise<ClickHouseSettings> | undefined;
  function unchecked(): Promise<ClickHouseSettings> {
    uncheckedOnce ??= ask<{ name: string }>(
      `SELECT name FROM system.settings WHERE name IN ('deduplicate_insert', 'deduplicate_insert_select')`,
    ).then(
      (known) => ({ insert_deduplicate: 0, ...Object.fromEntries(known.map(({ name }) => [name, 'disable'])) }),
      (error: unknown) => {
        uncheckedOnce = undefined;
        throw error;
      },
    );
    return uncheckedOnce;
  }

  return {
    insertOnce: (table, chunks, token, label) =>
      send(table, intoTable(table.landing, table), chunks, {
        ...ONCE,
        insert_deduplication_token: token,
        log_comment: label,
      }),
    insertMissing: async (table, chunks, label) =>
      send(table, intoTable(table.target, table), chunks, { ...(await unchecked()), log_comment: label }),
    selectMissing: async (query, label) => {
      const settings = { ...ONE_BLOCK, ...(await unchecked()), max_threads: 1, log_comment: label };
      await said(undefined, () => clickhouse.command({ query, clickhouse_settings: settings }));
    },
    async prober(table) {
      const columns = await ask<{ name: string; type: string }>(
        'SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table: String}',
        { table: table.landing },
      );
      const types = new Map(columns.map(({ name, type }) => [name, type]));
      const structure = table.columns.map((name) => `\`${name}\` ${types.get(name)}`).join(', ');
      const nowhere = `FUNCTION null('${structure.replace(/['\\]/g, '\\$&')}')`;
      return (rows) => send(table, nowhere, [rows], {});
    },
    ask,
  };
}

const intoTable = (name: string, { columns }: FlushTable): string =>
  `${name} (${columns.map((column) => `\`${column}\``).join(', ')})`;

/** Tells the two kinds of failure apart. Nothing a server quotes of a row gets into an error of this program. */
async function said<T>(table: FlushTable | undefined, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ClickHouseError)) {
      const { code, name } = error as { code?: unknown; name?: unknown };
      const why = String(code ?? name ?? 'unknown');
      throw new TransientError('clickhouse-unavailable', `ClickHouse did not answer (${why}).`, { cause: error });
    }
    if (table !== undefined && CONTENT_CODES.has(error.code)) throw new ContentError(table, error);
    throw new TransientError('clickhouse-failed', `ClickHouse failed: ${error.type ?? 'error'} (${error.code}).`, {
      cause: error,
    });
  }
}

/** What follows the first line are rows, printed. */
const firstLine = (message: string): string => message.split('\n', 1)[0] ?? '';
