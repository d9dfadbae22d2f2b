/** Engines that are given and cannot be used: one line with the setting and the reason, and never the password. */
import { expect, test } from '@jest/globals';
import { sharedEngines } from '../support/engines.ts';
import { run } from './run.ts';

test('a ClickHouse that refuses the password is not asked again', async () => {
  const { clickhouse, redis } = await sharedEngines();
  const url = new URL(clickhouse.url);
  url.username = 'writer';
  url.password = 'wrong-secret';
  if ('url' in redis) throw new Error('The embedded Redis was expected.');
  const { code, stdout, stderr } = await run(['balance', 'acme'], {
    CLICKHOUSE_URL: url.href,
    FLOWLY_DATA_DIR: process.env.FLOWLY_TEST_DATA_DIR!,
  });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^flowly-credits: ClickHouse \(CLICKHOUSE_URL\) cannot be used: .*Authentication failed.*\n$/);
});

test('an engine that is not there, after a while', async () => {
  const { code, stdout, stderr } = await run(['balance', 'acme'], {
    REDIS_URL: 'redis://user:secret@127.0.0.1:1',
    CLICKHOUSE_URL: 'http://writer:secret@127.0.0.1:1',
  });
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: 'flowly-credits: ClickHouse (CLICKHOUSE_URL) cannot be used: connect ECONNREFUSED 127.0.0.1:1.\n',
  });
});
