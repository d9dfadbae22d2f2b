/** Whether ClickHouse has the tables of this version, and takes a block that is sent twice once. */
import { missingMigrations } from '../../schema/migrate.ts';
import { FLUSH_TABLES } from '../../workers/flush/tables.ts';
import { type Check, check, type Finding, fail, ok, type Whole, warn } from './check.ts';
import { dedupeSelfTest } from './self-test.ts';

/** The oldest long-term release whose views pass the token of an insert on. */
const VERSION_MIN = [24, 8] as const;
/** As the migrations make the tables: an hour of a block a second, over three months. */
const WINDOW_MIN = 10_000;
const ROLLUPS = ['usage_quarter_hours', 'usage_days'];

export const clickhouseChecks: readonly Check[] = [
  check('clickhouse-version', ['clickhouse'], async ({ clickhouse }) => {
    const result = await clickhouse.query({ query: 'SELECT version() AS version', format: 'JSONEachRow' });
    const version = (await result.json<{ version: string }>())[0]!.version;
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const isOld = major < VERSION_MIN[0] || (major === VERSION_MIN[0] && minor < VERSION_MIN[1]);
    const fix = `use ClickHouse ${VERSION_MIN.join('.')} or newer`;
    return isOld ? fail(`ClickHouse ${version}`, fix) : ok(`ClickHouse ${version}`);
  }),
  check('clickhouse-migrations', ['clickhouse'], async ({ clickhouse, database }) => {
    const missing = await missingMigrations(clickhouse, { database });
    if (missing.length === 0) return ok(`the database ${database} has every table of this version`);
    return warn(
      `the database ${database} lacks ${missing.length} migration(s), from ${missing[0]} on`,
      'flowly-credits start (or any other command) applies them',
    );
  }),
  check('clickhouse-dedupe', ['history'], async ({ history }) => {
    const faults = await dedupeSelfTest(history.writer);
    if (faults.length === 0) return ok('a block sent twice had one effect, in the table and in the rollup of its view');
    return fail(
      `a block sent twice did not have one effect: ${faults.join('; ')}`,
      'use a ClickHouse that takes insert_deduplication_token and deduplicate_blocks_in_dependent_materialized_views',
    );
  }),
  check('clickhouse-windows', ['history'], windows),
];

async function windows({ history, database }: Whole<'history'>): Promise<Finding> {
  const tables = [...FLUSH_TABLES.map(({ target }) => target), ...ROLLUPS];
  const result = await history.writer.query({
    query: `
      SELECT name, engine, engine_full AS definition,
        (SELECT any(value) FROM system.merge_tree_settings AS s WHERE s.name = '${REPLICATED}') AS preset
      FROM system.tables WHERE database = {database: String} AND name IN {tables: Array(String)} ORDER BY name`,
    query_params: { database, tables },
    format: 'JSONEachRow',
  });
  const found = (await result.json<TableRow>()).map((row) => ({ name: row.name, ...windowOf(row) }));
  const lacking = tables.filter((table) => !found.some(({ name }) => name === table));
  if (lacking.length > 0) return fail(`tables are missing: ${lacking.join(', ')}`, 'bring back the data of ClickHouse');
  const small = found.filter(({ size }) => size < WINDOW_MIN);
  const [first] = small;
  if (first === undefined) return ok(`${found.length} tables remember ${WINDOW_MIN} blocks or more`);
  const fix = `ALTER TABLE ${database}.${first.name} MODIFY SETTING ${first.setting} = ${WINDOW_MIN}`;
  const names = small.map(({ name, size }) => `${name} ${size}`).join(', ');
  const detail = `tables that remember fewer than ${WINDOW_MIN} blocks: ${names}`;
  return small.some(({ size }) => size === 0) ? fail(detail, fix) : warn(detail, fix);
}

const REPLICATED = 'replicated_deduplication_window';

interface TableRow {
  readonly name: string;
  readonly engine: string;
  readonly definition: string;
  /** What a replicated table has where its definition says nothing; others have no window then. */
  readonly preset: string;
}

function windowOf({ engine, definition, preset }: TableRow): { setting: string; size: number } {
  const isReplicated = /^(Replicated|Shared)/.test(engine);
  const setting = isReplicated ? REPLICATED : `non_${REPLICATED}`;
  const size = new RegExp(`\\b${setting} = (\\d+)`).exec(definition)?.[1];
  return { setting, size: Number(size ?? (isReplicated ? preset : 0)) };
}
