/**
 * kill -9 of a flusher in a process of its own: at every point, and at random moments. The next one takes over when the
 * lease has run out, and every row is in ClickHouse once.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FLUSH_TABLES } from '../../workers/flush/tables.ts';
import { sharedEngines } from '../support/engines.ts';
import type { ChildTask } from './child.ts';
import { expectExact, fullCommit, newWorld, TEST_LIMITS, type World } from './world.ts';

let world: World;
const children: ChildProcess[] = [];
beforeEach(async () => {
  world = await newWorld();
});
afterEach(async () => {
  await Promise.all(children.splice(0).map(kill));
});

async function startChild(task: Partial<ChildTask>): Promise<ChildProcess> {
  const engines = await sharedEngines();
  if ('url' in engines.redis) throw new Error('The test needs the embedded Redis.');
  const program = fileURLToPath(new URL('child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const { url, username, password } = engines.clickhouse;
  const whole: ChildTask = {
    redis: engines.redis,
    clickhouse: { url, username, password, database: world.database },
    ...{ tag: world.keys.tag, ledgerId: world.ledgerId, limits: TEST_LIMITS, ...task },
  };
  child.stdin!.write(`${JSON.stringify(whole)}\n`);
  return child;
}

/** Resolves when the child says it is at the point. */
async function at(child: ChildProcess, point: string): Promise<void> {
  for await (const line of createInterface({ input: child.stdout! })) if (line === point) return;
  throw new Error(`The child ended before ${point}.`);
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

describe('kill -9 of the flusher', () => {
  test.each(['sealed', ...FLUSH_TABLES.map(({ name }) => `inserted:${name}`), 'trimmed'])('at %s', async (point) => {
    for (let n = 0; n < 3; n += 1) await world.append(fullCommit(n));
    const child = await startChild({ point });
    await at(child, point);
    await kill(child);
    await world.append(fullCommit(3));
    await world.flushAll();
    await expectExact(world);
  });

  test('with the limits of production its lease lasts three seconds at most, and another takes over', async () => {
    await world.append(fullCommit(0));
    const child = await startChild({ point: 'sealed', limits: {} });
    await at(child, 'sealed');
    const waiting = world.flusher({ limits: { leaseMs: 3_000, leaseRetryMs: 500 } });
    await kill(child);
    expect(await world.redis.pttl(world.keys.flushLease)).toBeLessThanOrEqual(3_000);
    waiting.start();
    await waiting.flushed();
    await waiting.stop();
    await expectExact(world);
  });

  test('at ten random moments of a long flush', async () => {
    for (let n = 0; n < 40; n += 1) await world.append(fullCommit(n));
    for (let round = 0; round < 10; round += 1) {
      const child = await startChild({ limits: { ...TEST_LIMITS, blockRowsMax: 30 } });
      await at(child, 'sealed').catch(() => undefined); // nothing left to seal: the flush is over
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
      await kill(child);
      await world.append(fullCommit(40 + round));
    }
    await world.flushAll();
    await expectExact(world);
  });
});
