/** The fixture other tests stand on: engines start once, tests get a database and a tag of their own. */
import { describe, expect, test } from '@jest/globals';
import { freshDatabase, freshRedis, freshTag, sharedEngines } from '../support/engines.ts';

describe('shared engines', () => {
  test('hand out a Redis, under a tag nobody else uses', async () => {
    const redis = await freshRedis();
    const key = `${freshTag()}:x`;
    expect(key).not.toBe(`${freshTag()}:x`);
    expect(await redis.incr(key)).toBe(1);
  });

  test('hand out databases that do not see each other', async () => {
    const [one, two] = [await freshDatabase(), await freshDatabase()];
    await one.client.command({ query: 'CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a' });
    await one.client.insert({ table: 't', values: [{ a: 7 }], format: 'JSONEachRow' });
    const rows = await one.reader.query({ query: 'SELECT a FROM t', format: 'JSONEachRow' });
    expect(await rows.json()).toEqual([{ a: 7 }]);
    await expect(two.client.command({ query: 'SELECT a FROM t' })).rejects.toThrow(/t/);
  });

  test('are the same for everyone in the run', async () => {
    expect(await sharedEngines()).toBe(await sharedEngines());
  });
});
