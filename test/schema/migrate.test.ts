/** Migrations on the real engine: applied once, refused when edited or from a newer program, safe when two start. */
import { readdirSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MIGRATIONS_FOLDER, migrate } from '../../schema/migrate.ts';
import { openTestEngine, type TestEngine } from './engine.ts';

/** The number of a file that would follow the released ones, or come later or earlier than it may. */
const RELEASED = readdirSync(MIGRATIONS_FOLDER).filter((name) => name.endsWith('.sql')).length;
const numbered = (name: string, ahead = 1): string => `${String(RELEASED + ahead).padStart(4, '0')}-${name}.sql`;

let engine: TestEngine;
let folder: string;
let database: string;
let databases = 0;

beforeAll(async () => {
  engine = await openTestEngine();
});
afterAll(() => engine.close());
beforeEach(async () => {
  databases += 1;
  database = `migrated_${databases}`;
  folder = await mkdtemp(join(tmpdir(), 'flowly-migrations-'));
  await cp(MIGRATIONS_FOLDER, folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const tablesOf = (name: string) =>
  engine.rows<{ name: string }>(`SELECT name FROM system.tables WHERE database = '${name}' ORDER BY name`);

describe('migrate', () => {
  test('makes the database and its tables, then has nothing more to do', async () => {
    const told: string[] = [];
    const first = await migrate(engine.client, { database, log: (name) => told.push(name) });
    expect(first[0]).toBe('0001-schema-migrations.sql');
    expect(told).toEqual(first);
    const tables = await tablesOf(database);
    expect(tables.map((table) => table.name)).toEqual(
      expect.arrayContaining(['usage_landing', 'usage_events', 'usage_days', 'ledger_entries', 'price_versions']),
    );
    expect(await migrate(engine.client, { database })).toEqual([]);
    expect(await tablesOf(database)).toEqual(tables);
  });

  test('two at once end as one', async () => {
    await Promise.all([migrate(engine.client, { database }), migrate(engine.client, { database })]);
    const records = await engine.rows<{ n: number; names: number }>(
      `SELECT count() AS n, uniqExact(name) AS names FROM ${database}.schema_migrations`,
    );
    expect(records[0]!.n).toBe(records[0]!.names);
    expect(await migrate(engine.client, { database })).toEqual([]);
  });

  test('applies a new file to a database that has the others', async () => {
    await migrate(engine.client, { database, folder });
    await writeFile(
      join(folder, numbered('more')),
      '-- a `;` here;\nCREATE TABLE IF NOT EXISTS {database:Identifier}.more (a Int8) ENGINE = Null;\n',
    );
    expect(await migrate(engine.client, { database, folder })).toEqual([numbered('more')]);
    expect((await tablesOf(database)).map((table) => table.name)).toContain('more');
  });

  test('refuses a released file that was edited, and says which', async () => {
    await migrate(engine.client, { database, folder });
    await writeFile(join(folder, '0004-ledger.sql'), '-- nothing\n');
    await expect(migrate(engine.client, { database, folder })).rejects.toMatchObject({
      code: 'migration-edited',
      message: expect.stringContaining('0004-ledger.sql'),
    });
  });

  test('refuses a database that a newer program has brought further', async () => {
    await writeFile(join(folder, numbered('newer')), 'SELECT 1;\n');
    await migrate(engine.client, { database, folder });
    await expect(migrate(engine.client, { database })).rejects.toMatchObject({
      code: 'migration-unknown',
      message: expect.stringContaining(numbered('newer')),
    });
  });

  test('a file that fails is not recorded, and goes on when it is mended', async () => {
    const name = numbered('broken');
    const file = join(folder, name);
    await writeFile(
      file,
      'CREATE TABLE IF NOT EXISTS {database:Identifier}.half (a Int8) ENGINE = Null;\nCREATE TABEL x;\n',
    );
    await expect(migrate(engine.client, { database, folder })).rejects.toMatchObject({
      code: 'migration-failed',
      message: expect.stringMatching(new RegExp(`^Statement 2 of migration ${name} failed: .*Syntax error`, 's')),
    });
    await writeFile(file, 'CREATE TABLE IF NOT EXISTS {database:Identifier}.half (a Int8) ENGINE = Null;\n');
    expect(await migrate(engine.client, { database, folder })).toEqual([name]);
  });

  test.each([
    [numbered('gap', 2), 'SELECT 1;'],
    [numbered('twice', 0), 'SELECT 1;'],
    ['eight.sql', 'SELECT 1;'],
  ])('refuses a folder with %s', async (name, sql) => {
    await writeFile(join(folder, name), sql);
    await expect(migrate(engine.client, { database, folder })).rejects.toMatchObject({
      code: 'migration-files-invalid',
    });
  });

  test.each(['', 'a b', 'x`; DROP DATABASE y', '1st', 'x'.repeat(65)])('refuses the database name %j', async (name) => {
    await expect(migrate(engine.client, { database: name })).rejects.toMatchObject({ code: 'database-name-invalid' });
  });
});
