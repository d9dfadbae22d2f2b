/**
 * A real ClickHouse for the tests of the schema: chDB in this process, on a folder of its own, behind the ordinary
 * client. A process can open one folder, so a test file opens one engine and takes a new database where it needs one.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { Session } from 'chdb';
import { createChdbConnection } from 'chdb/connection';
import { migrate } from '../../schema/migrate.ts';

export type TestEngine = {
  readonly client: ClickHouseClient;
  /** Makes a database the one that unqualified names mean. */
  readonly use: (database: string) => Promise<void>;
  readonly rows: <T>(query: string) => Promise<T[]>;
  /** Inserts rows as the flusher does: RowBinary, one statement, settings inline. */
  readonly insertRowBinary: (
    table: string,
    columns: readonly string[],
    rows: Buffer,
    settings?: Readonly<Record<string, string | number>>,
  ) => Promise<void>;
  readonly close: () => Promise<void>;
};

export const openTestEngine = async (): Promise<TestEngine> => {
  const folder = await mkdtemp(join(tmpdir(), 'flowly-schema-'));
  const path = join(folder, 'data');
  // The client's types know no other connection than HTTP; chDB's is made for it all the same.
  const connection = createChdbConnection({ path }) as unknown;
  const client = createClient({ connection } as Parameters<typeof createClient>[0]);
  const session = new Session(path);
  const rowsFile = join(folder, 'rows.bin');
  return {
    client,
    use: async (database) => {
      await client.command({ query: `USE \`${database}\`` });
    },
    rows: async <T>(query: string): Promise<T[]> => {
      const result = await client.query({
        query,
        format: 'JSONEachRow',
        clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
      });
      return result.json<T>();
    },
    insertRowBinary: async (table, columns, rows, settings = {}) => {
      await writeFile(rowsFile, rows);
      const quoted = Object.entries(settings).map(
        ([name, value]) => `${name} = ${typeof value === 'number' ? value : `'${value}'`}`,
      );
      const withSettings = quoted.length === 0 ? '' : `SETTINGS ${quoted.join(', ')}`;
      const names = columns.map((column) => `\`${column}\``).join(', ');
      session.query(`INSERT INTO ${table} (${names}) FROM INFILE '${rowsFile}' ${withSettings} FORMAT RowBinary`);
    },
    close: async () => {
      session.close();
      await client.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** One engine for the test file, and before each of its tests a new database with the program's tables, in use. */
export function freshTables(take: (engine: TestEngine, database: string) => void): void {
  let engine: TestEngine;
  let databases = 0;
  beforeAll(async () => {
    engine = await openTestEngine();
  });
  afterAll(() => engine.close());
  beforeEach(async () => {
    databases += 1;
    const database = `tables_${databases}`;
    await migrate(engine.client, { database });
    await engine.use(database);
    take(engine, database);
  });
}
