/** Stopping in the middle of work: a running insert ends and is acknowledged, a running query is cut short. */
import { describe, expect, test } from '@jest/globals';
import { until } from '../support/until.ts';
import { ask, sql } from './support/clients.ts';
import { freshDataDir, open } from './support/data-dir.ts';
import { pidsOf, untilGone } from './support/processes.ts';

/** Sleeps a second for each of so many rows, in the engine, while the statement runs. */
const SLOWLY = 'sleepEachRow(1)';
const SETTINGS = { function_sleep_max_microseconds_per_block: '0', max_block_size: '1', max_insert_block_size: '1' };

describe('when the keeper stops', () => {
  test('a running insert is finished and acknowledged, and a query is told that it was stopped', async () => {
    const dataDir = freshDataDir();
    const engines = await open(dataDir);
    await sql(engines, 'CREATE TABLE landing (a UInt8) ENGINE = Null');
    await sql(engines, 'CREATE TABLE slow (a UInt8, s UInt8) ENGINE = MergeTree ORDER BY a');
    await sql(engines, `CREATE MATERIALIZED VIEW feed TO slow AS SELECT a, ${SLOWLY} AS s FROM landing`);
    const insert = ask(engines, 'INSERT INTO landing VALUES (1), (2), (3)', { query: SETTINGS });
    const query = ask(engines, `SELECT ${SLOWLY} FROM numbers(600)`, { query: SETTINGS });
    const running = () =>
      sql(
        engines,
        "SELECT countIf(query LIKE '%INFILE%'), countIf(query LIKE '%numbers(600)%') FROM system.processes WHERE query NOT LIKE '%countIf%'",
      );
    await until('both run', async () => (await running()) === '1\t1');

    const pids = pidsOf(engines);
    await engines.close();
    expect(await query).toMatchObject({ status: expect.any(Number), text: expect.stringMatching(/Code: 394\./) });
    expect(await insert).toMatchObject({ status: 200 });
    await untilGone(pids);

    const again = await open(dataDir);
    expect(await sql(again, 'SELECT count() FROM slow')).toBe('3');
    await again.close();
  });
});
