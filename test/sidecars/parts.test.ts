/** The small parts the keeper stands on, one by one: locks the kernel frees, signs of life, restarts, lanes, versions. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { PermanentError } from '../../core/errors.ts';
import { openAlivePipe, someoneAlive } from '../../runtime/sidecars/alive.ts';
import { makeLane } from '../../runtime/sidecars/clickhouse/lanes.ts';
import { WAITING_MAX } from '../../runtime/sidecars/clickhouse/limits.ts';
import { openSpool } from '../../runtime/sidecars/clickhouse/spool.ts';
import { loadCredentials } from '../../runtime/sidecars/credentials.ts';
import { keepEngine, type RunningEngine } from '../../runtime/sidecars/engine.ts';
import { tryKeeperLock } from '../../runtime/sidecars/keeper-lock.ts';
import { RESTART_PAUSE_MS_MIN, SOCKET_PATH_BYTES_MAX, START_FAILURES_MAX } from '../../runtime/sidecars/limits.ts';
import { parseClickhouseUrl } from '../../runtime/sidecars/open-engines.ts';
import { sidecarPaths } from '../../runtime/sidecars/paths.ts';
import { findRedis } from '../../runtime/sidecars/redis-binary.ts';
import { redisConf } from '../../runtime/sidecars/redis-conf.ts';
import { until } from '../support/until.ts';
import { freshDataDir } from './support/data-dir.ts';

describe('the lock of a directory', () => {
  test('is held by one, and free again when let go', () => {
    const path = join(freshDataDir(), 'lock');
    const lock = tryKeeperLock(path);
    expect(tryKeeperLock(path)).toBeUndefined();
    lock?.release();
    const again = tryKeeperLock(path);
    expect(again).toBeDefined();
    again?.release();
  });
});

describe('the alive pipe', () => {
  test('shows a process that inherited it until it is killed', async () => {
    const path = join(freshDataDir(), 'alive');
    expect(someoneAlive(path)).toBe(false);
    const pipe = openAlivePipe(path);
    const child = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', pipe] });
    closeSync(pipe);
    expect(someoneAlive(path)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(someoneAlive(path)).toBe(false);
  });
});

describe('an engine that is kept', () => {
  const running = (died: Promise<string>): RunningEngine<string> => ({
    coordinates: 'here',
    pid: 1,
    died,
    stop: async () => undefined,
  });

  test('is started again when it dies, and its last words are told', async () => {
    const deaths: ((words: string) => void)[] = [];
    const heard: string[] = [];
    const engine = keepEngine(async () => running(new Promise((resolve) => deaths.push(resolve))), {
      running: () => heard.push('running'),
      trouble: (message, final) => heard.push(`${message} final=${final}`),
    });
    engine.want();
    engine.want();
    await until('it runs', () => deaths.length === 1);
    deaths[0]?.('It fell over.');
    await until('it runs again', () => deaths.length === 2);
    await engine.stop();
    expect(heard).toEqual(['running', 'It fell over. It is being started again. final=false', 'running']);
    expect(engine.current()).toBeUndefined();
  });

  test('is tried a few times before those who wait are told, and goes on being tried', async () => {
    const heard: boolean[] = [];
    const engine = keepEngine<string>(
      async () => {
        throw new Error('no');
      },
      { running: () => undefined, trouble: (_, final) => heard.push(final) },
    );
    engine.want();
    await until('it was tried once more', () => heard.length > START_FAILURES_MAX);
    await engine.stop();
    expect(heard).toEqual([...Array(START_FAILURES_MAX - 1).fill(false), true, true]);
  });

  test('that dies right after each start is started less and less often', async () => {
    const startedMs: number[] = [];
    const engine = keepEngine(
      async () => {
        startedMs.push(Date.now());
        return running(Promise.resolve('It fell over.'));
      },
      { running: () => undefined, trouble: () => undefined },
    );
    engine.want();
    await until('it was started four times', () => startedMs.length === 4);
    await engine.stop();
    const pauses = startedMs.slice(1).map((ms, index) => ms - (startedMs[index] ?? 0));
    for (const [index, pauseMs] of pauses.entries()) {
      expect(pauseMs).toBeGreaterThanOrEqual(RESTART_PAUSE_MS_MIN * 2 ** (index + 1) - 5);
    }
  });

  test('is not tried again when that is vain, until somebody wants it anew', async () => {
    let starts = 0;
    const heard: boolean[] = [];
    const engine = keepEngine<string>(
      async () => {
        starts += 1;
        throw new PermanentError('missing', 'not installed');
      },
      { running: () => undefined, trouble: (_, final) => heard.push(final) },
    );
    engine.want();
    await until('it failed', () => heard.length === 1);
    engine.want();
    await until('it failed again', () => heard.length === 2);
    await engine.stop();
    expect([starts, heard]).toEqual([2, [true, true]]);
  });
});

describe('a lane', () => {
  test('runs so many at a time, in order, and refuses what is too much', async () => {
    const lane = makeLane(2);
    const order: number[] = [];
    let running = 0;
    let mostRunning = 0;
    const gate = Promise.withResolvers<void>();
    const work = (n: number) =>
      lane.run(async () => {
        running += 1;
        mostRunning = Math.max(mostRunning, running);
        await gate.promise;
        order.push(n);
        running -= 1;
      });
    const all = Array.from({ length: 2 + WAITING_MAX }, (_, n) => work(n));
    await expect(work(-1)).rejects.toMatchObject({ status: 503 });
    gate.resolve();
    await Promise.all(all);
    await lane.idle();
    expect(order).toEqual(all.map((_, n) => n));
    expect(mostRunning).toBe(2);
  });

  test('passes the turn on when work fails', async () => {
    const lane = makeLane(1);
    const failing = lane.run(() => Promise.reject(new Error('no')));
    const next = lane.run(async () => 'next');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('next');
  });
});

describe('the folder of inserts', () => {
  test('is cleared of what a crash left, and of nothing else', async () => {
    const folder = freshDataDir('tmp');
    mkdirSync(folder, { recursive: true });
    for (const name of ['insert-1', 'insert-22', 'thesis.txt', 'insert-1.txt']) writeFileSync(join(folder, name), 'x');
    const spool = openSpool(folder);
    expect(readdirSync(folder).sort()).toEqual(['insert-1.txt', 'thesis.txt']);
    async function* data() {
      yield Buffer.from('one ');
      yield Buffer.from('two');
    }
    expect(await spool.with(data(), async (path) => readFileSync(path, 'utf8'))).toBe('one two');
    await expect(spool.with(data(), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(readdirSync(folder).sort()).toEqual(['insert-1.txt', 'thesis.txt']);
  });
});

describe('paths', () => {
  test('are the same for every spelling of a directory', () => {
    const real = freshDataDir('real');
    mkdirSync(real, { recursive: true });
    const link = join(real, '..', 'link');
    symlinkSync(real, link);
    expect(sidecarPaths(link)).toEqual(sidecarPaths(`${real}/../real/`));
  });

  test('of sockets always fit', () => {
    for (const depth of [0, 40, 60, 80, 200]) {
      const paths = sidecarPaths(freshDataDir(`d${'x'.repeat(depth)}`));
      for (const path of [paths.keeperSocket, paths.redisSocket]) {
        expect(Buffer.byteLength(path)).toBeLessThanOrEqual(SOCKET_PATH_BYTES_MAX);
      }
    }
  });

  test('are refused in a folder that others may enter', () => {
    const dataDir = freshDataDir('shared');
    mkdirSync(join(dataDir, 'run'), { recursive: true });
    chmodSync(join(dataDir, 'run'), 0o755);
    expect(() => sidecarPaths(dataDir)).toThrow(/other users may enter/);
    chmodSync(join(dataDir, 'run'), 0o700);
  });
});

describe('finding a Redis', () => {
  test.each<[string, Record<string, string>, string | RegExp]>([
    ['redis-server 7', { 'redis-server': 'Redis server v=7.2.4 sha=0:0' }, 'redis-server 7.2'],
    ['only valkey', { 'valkey-server': 'Valkey server v=8.0.1 sha=0:0' }, 'valkey-server 8.0'],
    [
      'an old redis beside a valkey',
      { 'redis-server': 'Redis server v=6.0.16', 'valkey-server': 'Server v=7.2.5' },
      'valkey-server 7.2',
    ],
    ['6.2', { 'redis-server': 'Redis server v=6.2.0' }, 'redis-server 6.2'],
    [
      'only an old one',
      { 'redis-server': 'Redis server v=6.0.16' },
      /redis-server 6.0 is too old.*apt-get install redis-server.*brew install redis.*REDIS_URL/,
    ],
    ['none', {}, /neither redis-server nor valkey-server is installed.*apt-get install redis-server/],
  ])('%s', async (_, programs, expected) => {
    const folder = freshDataDir('bin');
    mkdirSync(folder, { recursive: true });
    for (const [name, line] of Object.entries(programs)) {
      writeFileSync(join(folder, name), `#!/bin/sh\necho "${line}"\n`);
      chmodSync(join(folder, name), 0o755);
    }
    const found = findRedis([folder]).then(
      ({ command, version }) => `${command.split('/').pop()} ${version.join('.')}`,
    );
    if (typeof expected === 'string') expect(await found).toBe(expected);
    else await expect(found).rejects.toMatchObject({ code: 'redis-missing', message: expect.stringMatching(expected) });
  });
});

describe('what is written down', () => {
  test('a damaged file of secrets is an error, not a reason for new ones', () => {
    const path = join(freshDataDir(), 'credentials.json');
    const made = loadCredentials(path);
    expect(loadCredentials(path)).toEqual(made);
    writeFileSync(path, '{"redisPassword":""}');
    expect(() => loadCredentials(path)).toThrow(/redisPassword/);
  });

  test('Redis loses nothing it acknowledged, evicts nothing and listens on no port', () => {
    const conf = redisConf(sidecarPaths(freshDataDir('with "quotes"')), 'secret', 7);
    for (const line of [
      'port 0',
      'appendonly yes',
      'appendfsync always',
      'aof-load-truncated yes',
      'maxmemory-policy noeviction',
      'save ""',
      'requirepass "secret"',
      'hash-max-listpack-entries 512',
    ]) {
      expect(conf.split('\n')).toContain(line);
    }
    expect(conf).toContain('with \\"quotes\\"/run/redis.sock"');
    expect(redisConf(sidecarPaths(freshDataDir()), 'secret', 6)).toContain('hash-max-ziplist-entries 512');
  });

  test.each([
    ['http://db:8123', { url: 'http://db:8123/', username: 'default', password: '' }],
    ['https://u%40x:p%3A1@db:8443/ch', { url: 'https://db:8443/ch', username: 'u@x', password: 'p:1' }],
  ])('%s is read', (text, expected) => {
    expect(parseClickhouseUrl(text)).toMatchObject(expected);
  });

  test('a URL that is none says what is accepted', () => {
    expect(() => parseClickhouseUrl('db:8123/ x')).toThrow(/http:\/\/user:password@host:8123/);
    expect(() => parseClickhouseUrl('nonsense')).toThrow(PermanentError);
  });
});
