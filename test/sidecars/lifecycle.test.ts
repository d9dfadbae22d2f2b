/** A keeper's life: one a directory, engines up as long as somebody holds on, data kept, nothing left behind. */

import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openEngines } from '../../runtime/sidecars/open-engines.ts';
import { sidecarPaths } from '../../runtime/sidecars/paths.ts';
import { until } from '../support/until.ts';
import { redisOf, sql } from './support/clients.ts';
import { freshDataDir, open, SHORT_LINGER_MS } from './support/data-dir.ts';
import { isAlive, pidsOf, untilGone } from './support/processes.ts';
import { spawnClient } from './support/spawn-client.ts';

describe('a keeper', () => {
  test('stops both engines after the last client, and the next one finds the data in both', async () => {
    const dataDir = freshDataDir();
    const first = await open(dataDir);
    const redis = redisOf(first);
    await redis.set('kept', 'yes');
    redis.disconnect();
    await sql(first, 'CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a');
    await sql(first, 'INSERT INTO kept VALUES (7)');
    const pids = pidsOf(first);
    const { url } = first.clickhouse;
    await first.close();
    await untilGone(pids);

    const second = await open(dataDir);
    expect(pidsOf(second)).not.toEqual(pids);
    expect(second.clickhouse.url).toBe(url);
    expect(second.clickhouse.password).toBe(first.clickhouse.password);
    const again = redisOf(second);
    expect(await again.get('kept')).toBe('yes');
    again.disconnect();
    expect(await sql(second, 'SELECT a FROM kept')).toBe('7');
    await second.close();
  });

  test('serves two clients at once, and a new one within the linger time keeps the engines', async () => {
    const dataDir = freshDataDir();
    const [one, two] = await Promise.all([open(dataDir, 2_000), open(dataDir, 2_000)]);
    expect(two.pids).toEqual(one.pids);
    await one.close();
    expect(await sql(two, 'SELECT 1')).toBe('1');
    await two.close();
    const three = await open(dataDir);
    expect(three.pids).toEqual(one.pids);
    await three.close();
    await untilGone(pidsOf(one));
  });

  test('is one, when five processes start at the same instant', async () => {
    const dataDir = freshDataDir();
    const clients = Array.from({ length: 5 }, () => spawnClient(dataDir));
    const pids = await Promise.all(clients.map((client) => client.pids));
    expect(new Set(pids.map((each) => JSON.stringify(each))).size).toBe(1);
    const starts = readFileSync(join(dataDir, 'logs', 'keeper.log'), 'utf8').match(/listening/g);
    expect(starts).toHaveLength(1);
    expect(await Promise.all(clients.map((client) => client.leave()))).toEqual([0, 0, 0, 0, 0]);
    await untilGone(pids[0] ?? {});
  });

  test('tells a client nothing before it has said what it wants, whatever comes up meanwhile', async () => {
    const dataDir = freshDataDir();
    const redisOnly = await openEngines({ dataDir, clickhouseUrl: 'http://127.0.0.1:1', lingerMs: SHORT_LINGER_MS });
    const silent = connect(sidecarPaths(dataDir).keeperSocket);
    let told = '';
    silent.on('data', (chunk) => {
      told += String(chunk);
    });
    await once(silent, 'connect');
    const both = await open(dataDir);
    // What the keeper told the one was sent after what it would have told the other; a turn of it more, to be sure.
    expect(await sql(both, 'SELECT 1')).toBe('1');
    silent.write('{"type":"want","engines":["redis"]}\n');
    await until('an answer', () => told.includes('\n'));
    expect(told.split('\n')).toHaveLength(2);
    expect(JSON.parse(told)).toMatchObject({ type: 'ready', redis: redisOnly.redis });
    silent.destroy();
    await Promise.all([redisOnly.close(), both.close()]);
  });

  test('works in a directory too deep for the path of a socket', async () => {
    const dataDir = freshDataDir(
      join(...Array.from({ length: 8 }, (_, level) => `a-rather-long-folder-name-${level}`)),
    );
    const engines = await open(dataDir);
    const redis = redisOf(engines);
    expect(await redis.ping()).toBe('PONG');
    redis.disconnect();
    expect(await sql(engines, 'SELECT 1')).toBe('1');
    const pids = pidsOf(engines);
    await engines.close();
    await untilGone(pids);
  });

  test('keeps secrets and data to its owner', async () => {
    const dataDir = freshDataDir('data');
    const engines = await open(dataDir);
    const mode = (path: string) => (statSync(join(dataDir, path)).mode & 0o777).toString(8);
    expect(mode('.')).toBe('700');
    for (const folder of readdirSync(dataDir, { withFileTypes: true })) {
      expect([folder.name, mode(folder.name)]).toEqual([folder.name, folder.isDirectory() ? '700' : '600']);
    }
    expect(mode('run/redis.conf')).toBe('600');
    expect(mode('run/redis.sock')).toBe('700');
    await engines.close();
  });

  test('starts only what is not given as a URL', async () => {
    const dataDir = freshDataDir();
    const engines = await openEngines({ dataDir, clickhouseUrl: 'http://me:p%40ss@db.example:8123/', lingerMs: 300 });
    expect(Object.keys(engines.pids).sort()).toEqual(['keeper', 'redis']);
    expect(engines.clickhouse).toMatchObject({ url: 'http://db.example:8123/', username: 'me', password: 'p@ss' });
    await engines.close();
    await engines.close();

    const none = await openEngines({
      dataDir,
      clickhouseUrl: 'http://db.example:8123/',
      redisUrl: 'redis://r.example',
    });
    expect(none.pids).toEqual({});
    expect(none.redis).toEqual({ url: 'redis://r.example' });
    await none.close();
  });

  test('moves ClickHouse to another port with new passwords when a stranger has the old one', async () => {
    const dataDir = freshDataDir();
    const first = await open(dataDir);
    const before = first.clickhouse;
    const pids = pidsOf(first);
    await first.close();
    await untilGone(pids);

    const stranger = createServer((_, response) => response.end('not yours'));
    await new Promise<void>((resolve) => stranger.listen(Number(new URL(before.url).port), '127.0.0.1', resolve));
    const second = await open(dataDir);
    expect(second.clickhouse.url).not.toBe(before.url);
    expect(second.clickhouse.password).not.toBe(before.password);
    expect(second.clickhouse.readerPassword).not.toBe(before.readerPassword);
    expect(await sql(second, 'SELECT 1')).toBe('1');
    await second.close();
    await new Promise((resolve) => stranger.close(resolve));
  });

  test('tells a connected client when the port changed', async () => {
    const dataDir = freshDataDir();
    const engines = await open(dataDir);
    const { url } = engines.clickhouse;
    const changed = new Promise<void>((resolve) => engines.onChanged(resolve));
    const stranger = createServer((_, response) => response.end('not yours'));
    const port = Number(new URL(url).port);
    process.kill(pidsOf(engines).clickhouse, 'SIGKILL');
    await until('the stranger has the port', async () => {
      stranger.listen(port, '127.0.0.1');
      return await new Promise<boolean>((resolve) => {
        stranger.once('listening', () => resolve(true));
        stranger.once('error', () => resolve(false));
      });
    });
    await changed;
    expect(engines.clickhouse.url).not.toBe(url);
    expect(await sql(engines, 'SELECT 1')).toBe('1');
    await new Promise((resolve) => stranger.close(resolve));
    await engines.close();
  });

  test('says in one line what is wrong when an engine cannot start', async () => {
    const dataDir = freshDataDir();
    const first = await open(dataDir);
    const pids = pidsOf(first);
    const redis = redisOf(first);
    await redis.set('a', '1');
    redis.disconnect();
    await first.close();
    await untilGone(pids);
    writeFileSync(join(dataDir, 'redis', 'appendonlydir', 'appendonly.aof.manifest'), 'nonsense\n');
    await expect(openEngines({ dataDir, lingerMs: 300 })).rejects.toMatchObject({
      code: 'redis-failed',
      message: expect.stringMatching(/Redis did not start.*manifest/),
    });
    expect(isAlive(pids.redis)).toBe(false);
  });
});
