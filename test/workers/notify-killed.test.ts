/**
 * kill -9 of a notifier in a process of its own: at every point, and at random moments. The next one takes over when the
 * lease has run out: every mail arrives, twice only where it is recorded that nobody knew; every platform event is told.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { sharedEngines } from '../support/engines.ts';
import { until } from '../support/until.ts';
import type { ChildTask } from './notify-child.ts';
import { openNotifyWorld, TEST_LIMITS, type World } from './notify-world.ts';

const children: ChildProcess[] = [];
afterEach(async () => {
  await Promise.all(children.splice(0).map(kill));
});

async function startChild(world: World, task: Partial<ChildTask>): Promise<ChildProcess> {
  const engines = await sharedEngines();
  if ('url' in engines.redis) throw new Error('The test needs the embedded Redis.');
  const program = fileURLToPath(new URL('notify-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const { url, username, password } = engines.clickhouse;
  const whole: ChildTask = {
    redis: engines.redis,
    clickhouse: { url, username, password, database: world.database },
    ...{ tag: world.context.keys.tag, ledgerId: world.context.ledgerId },
    ...{ smtpUrl: world.server.url, limits: TEST_LIMITS, ...task },
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

/** Every mail arrived, and as often as it was sent or may have been. Returns how many were not known. */
async function expectEach(world: World, mails: number): Promise<number> {
  await world.ended(mails);
  await world.quiet();
  const steps = await world.steps();
  const count = (intentId: string, status: string): number =>
    steps.filter((step) => step.intentId === intentId && step.status === status).length;
  const intents = steps.filter(({ status }) => status === 'decided').map(({ intentId }) => intentId);
  expect(intents).toHaveLength(mails);
  for (const intentId of intents) {
    const arrivals = world.arrived().filter(({ subject }) => subject.endsWith(` ${intentId}`));
    expect([intentId, count(intentId, 'sent')]).toEqual([intentId, 1]);
    expect(arrivals.length).toBeGreaterThanOrEqual(1);
    expect(arrivals.length).toBeLessThanOrEqual(1 + count(intentId, 'unknown'));
    expect(new Set(arrivals.map(({ messageId }) => messageId)).size).toBe(1);
  }
  return steps.filter(({ status }) => status === 'unknown').length;
}

describe('kill -9 of the notifier', () => {
  test.each([
    ['claimed', 0],
    ['rendered', 0],
    ['marked', 3],
    ['delivered', 3],
    ['concluded', 3],
  ])('at %s: of at most %d mails it is not known that they were sent', async (point, unknownMax) => {
    const world = await openNotifyWorld();
    for (let i = 0; i < 6; i += 1) await world.account(`acme-${i}`, i * 1_000_000);
    const child = await startChild(world, { point });
    await at(child, point);
    await kill(child);
    await world.notifier();
    expect(await expectEach(world, 6)).toBeLessThanOrEqual(unknownMax);
  });

  test('with mails that are not sent again when nobody knows: recorded, and left at that', async () => {
    const world = await openNotifyWorld();
    await world.account('acme', 0);
    const child = await startChild(world, { point: 'delivered' });
    await at(child, 'delivered');
    await kill(child);
    // Also when mail is off at the next start, and on again later.
    const off = await world.notifier({ resendsUnknown: false, sending: undefined });
    await until('it to be resolved with mail off', async () => (await world.steps()).length === 2);
    await off.stop();
    await world.notifier({ resendsUnknown: false });
    await until('it to be resolved', async () => (await world.steps()).length === 2);
    await world.quiet();
    expect(world.arrived()).toHaveLength(1);
    expect((await world.steps())[1]).toMatchObject({
      ...{ status: 'unknown', words: expect.stringContaining('ended before the answer of the mail server') },
    });
    expect(world.lines).toContainEqual(expect.objectContaining({ event: 'mails-resolved', mails: 1 }));
  });

  test('at ten random moments', async () => {
    const world = await openNotifyWorld();
    for (let i = 0; i < 60; i += 1) await world.account(`acme-${i}`, (i % 3) * 1_000_000);
    for (let round = 0; round < 10; round += 1) {
      const child = await startChild(world, {});
      await at(child, 'marked').catch(() => undefined); // nothing left to send
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
      await kill(child);
      await world.account(`later-${round}`, 0);
    }
    await world.notifier();
    const { keys } = world.context;
    await until('no mail to wait', async () => {
      // One that was left unknown twice waits for half a minute.
      const [, due] = await world.redis.zrange(keys.mailsDue, '-1', '-1', 'WITHSCORES');
      const { clock } = await world.real.counters();
      if (Number(due) > Number(clock)) await world.real.setClock(Number(due));
      return due === undefined && (await world.redis.scard(keys.mailsClaimed)) === 0;
    });
    await expectEach(world, 70);
  });

  test.each(['added', 'trimmed'])(
    'at %s: every platform event is told, in its order, and few of them twice',
    async (point) => {
      const world = await openNotifyWorld();
      await world.account('acme', 1_000_000);
      const child = await startChild(world, { point });
      await at(child, point);
      await world.spend('acme', 1_000_000);
      await kill(child);
      await world.notifier();
      const jobs = async () => (await world.queue.getJobs(['waiting'], 0, -1, true)).map(({ name }) => name);
      await until('all to be told', async () => (await jobs()).at(-1) === 'credits.depleted');
      const low = 'credits.low';
      expect(await jobs()).toEqual(point === 'added' ? [low, low, 'credits.depleted'] : [low, 'credits.depleted']);
      expect(await world.redis.xlen(world.context.keys.outboxEvents)).toBe(0);
    },
  );
});
