/**
 * Brings a ClickHouse database to this program's schema: every file of schema/clickhouse in the order of its number,
 * once, remembered with its checksum in `schema_migrations`.
 * Invariant: a released file never changes. An edited one is refused, and so is a database that a newer program has
 * brought further. Safe when two processes start at once: the statements can run twice, and the record is deduplicated.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ClickHouseClient } from '@clickhouse/client';
import { PermanentError, TransientError } from '../core/errors.ts';
import { sqlStatements } from './sql-statements.ts';

/** The folder of the released files. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL('./clickhouse/', import.meta.url));

const FILE_NAME = /^\d{4}-[a-z0-9-]+\.sql$/;
/** Also keeps the name safe inside backticks. */
const DATABASE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

type Migration = { readonly name: string; readonly checksum: string; readonly sql: string };

export type MigrateOptions = {
  readonly database: string;
  readonly folder?: string;
  /** Told the name of each file after it was applied. */
  readonly log?: (applied: string) => void;
};

/**
 * Creates the database if it is missing and applies what is missing in it; gives the names of the files applied now.
 * The statements name the database, so the client need not be bound to it (while it does not exist, it must not be).
 * Throws `database-name-invalid`, `migration-files-invalid`, `migration-edited`, `migration-unknown` (permanent) and
 * `migration-failed` (with the file and ClickHouse's words).
 */
export const migrate = async (client: ClickHouseClient, options: MigrateOptions): Promise<string[]> => {
  const { database, folder = MIGRATIONS_FOLDER, log } = options;
  if (!DATABASE_NAME.test(database)) {
    throw new PermanentError(
      'database-name-invalid',
      `The ClickHouse database is named ${JSON.stringify(database.slice(0, 64))}, but must be 1 to 64 letters, digits and _, not starting with a digit.`,
    );
  }
  const files = await migrationsIn(folder);
  await run(client, 'the creation of the database', `CREATE DATABASE IF NOT EXISTS \`${database}\``);
  // The first file makes the table that tells about the others.
  await apply(client, database, files[0]!);
  const known = await appliedIn(client, database);
  refuseUnlessReleased(files, known, database);
  const missing = files.filter((file) => !known.has(file.name));
  for (const file of missing) {
    await apply(client, database, file);
    await record(client, database, file);
    log?.(file.name);
  }
  return missing.map((file) => file.name);
};

/**
 * Which released files a database does not have yet; reads only. Throws `migration-edited` and `migration-unknown` as
 * `migrate` does. A database that does not exist lacks all of them.
 */
export const missingMigrations = async (client: ClickHouseClient, { database }: MigrateOptions): Promise<string[]> => {
  const files = await migrationsIn(MIGRATIONS_FOLDER);
  const result = await client.query({
    query: `SELECT 1 FROM system.tables WHERE database = {database: String} AND name = 'schema_migrations'`,
    query_params: { database },
    format: 'JSONEachRow',
  });
  const known = (await result.json()).length === 0 ? new Map<string, string[]>() : await appliedIn(client, database);
  refuseUnlessReleased(files, known, database);
  return files.filter((file) => !known.has(file.name)).map((file) => file.name);
};

const migrationsIn = async (folder: string): Promise<Migration[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const misplaced = names.find((name, i) => !FILE_NAME.test(name) || Number(name.slice(0, 4)) !== i + 1);
  if (names.length === 0 || misplaced !== undefined) {
    throw new PermanentError(
      'migration-files-invalid',
      `The migrations in ${folder} must be numbered 0001-name.sql, 0002-name.sql and so on without gaps; ${misplaced ?? 'there are none'}.`,
    );
  }
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(`${folder}/${name}`, 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
};

/** File name to the checksums it was applied with (more than one when two versions raced). */
const appliedIn = async (client: ClickHouseClient, database: string): Promise<Map<string, string[]>> => {
  const result = await client.query({
    query: `SELECT name, groupUniqArray(checksum) AS checksums FROM \`${database}\`.schema_migrations GROUP BY name`,
    format: 'JSONEachRow',
  });
  const rows = await result.json<{ name: string; checksums: string[] }>();
  return new Map(rows.map((row) => [row.name, row.checksums]));
};

const refuseUnlessReleased = (
  files: readonly Migration[],
  known: ReadonlyMap<string, readonly string[]>,
  database: string,
): void => {
  for (const [name, checksums] of known) {
    const file = files.find((candidate) => candidate.name === name);
    if (file === undefined) {
      throw new PermanentError(
        'migration-unknown',
        `The ClickHouse database "${database}" has had migration ${name}, which this version does not know; start the newer version that made it.`,
      );
    }
    if (checksums.some((checksum) => checksum !== file.checksum)) {
      throw new PermanentError(
        'migration-edited',
        `Migration ${name} was applied to the ClickHouse database "${database}" with other content than it has now; a released file must not be edited: restore it and put the change into a new numbered file.`,
      );
    }
  }
};

const apply = async (client: ClickHouseClient, database: string, file: Migration): Promise<void> => {
  for (const [i, statement] of sqlStatements(file.sql).entries()) {
    const named = statement.replaceAll('{database:Identifier}', `\`${database}\``);
    await run(client, `Statement ${i + 1} of migration ${file.name}`, named);
  }
};

const record = async (client: ClickHouseClient, database: string, file: Migration): Promise<void> => {
  await client.insert({
    table: `\`${database}\`.schema_migrations`,
    columns: ['name', 'checksum'],
    values: [{ name: file.name, checksum: file.checksum }],
    format: 'JSONEachRow',
    // The same record by two processes is one.
    clickhouse_settings: { insert_deduplication_token: `${file.name}:${file.checksum}`, async_insert: 0 },
  });
};

/** A statement can fail for a reason that passes (a connection, a full disk), so the error is transient. */
const run = async (client: ClickHouseClient, what: string, query: string): Promise<void> => {
  try {
    await client.command({ query });
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new TransientError('migration-failed', `${what} failed: ${words}`, { cause });
  }
};
