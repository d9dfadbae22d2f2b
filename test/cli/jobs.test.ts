/** `jobs list` and `jobs run` as whole commands, without a service and beside one. */
import { afterAll, expect, test } from '@jest/globals';
import { until } from '../support/until.ts';
import { call, makeTestFolder, upsert } from './data.ts';
import { endAll, start } from './processes.ts';
import { run } from './run.ts';

const folder = makeTestFolder();
const cli = (...argv: string[]) => run(argv, folder.env);
const json = async (...argv: string[]): Promise<unknown> => JSON.parse((await cli(...argv, '--json')).stdout);

afterAll(async () => {
  endAll();
  await folder.remove();
});

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const TIMES = { timeZone: 'UTC', nextRun: expect.stringMatching(ISO) };

test('without a service: nothing has run yet, and when each would', async () => {
  expect(await json('jobs', 'list')).toEqual(
    [
      ['cycle-reset', '* * * * *'],
      ['threshold-check', '7 * * * *'],
      ['daily-limits', '* * * * *'],
      ['reconcile', '15 3 * * *'],
      ['redrive-parked', '*/5 * * * *'],
      ['usage-digest', '0 9 * * 1,2'],
    ].map(([name, pattern]) => ({ ...TIMES, name, pattern, what: expect.any(String), lastRun: null })),
  );
  const { stdout } = await cli('jobs', 'list');
  expect(stdout).toMatch(/^redrive-parked +\*\/5 \* \* \* \* +never +\d{4}-/m);
});

test('reconcile runs, and is the last run from then on', async () => {
  await cli('ingest', folder.file('in.ndjson', [upsert('acme', 10), call('e-1', 'acme'), call('e-2', 'nobody')]));
  await cli('drain');
  const ran = await cli('jobs', 'run', 'reconcile', '--json');
  expect(ran.code).toBe(0);
  const shape = JSON.parse(ran.stdout) as { summary: string; at: string };
  expect(Object.keys(shape)).toEqual(['job', 'at', 'dryRun', 'ok', 'summary', 'rows']);
  expect(shape).toMatchObject({ job: 'reconcile', dryRun: false, ok: true, rows: [] });
  expect(shape.summary).toMatch(
    /^As of sequence \d+ the books balance: 1 account\(s\), 1 accepted event\(s\), drift 0\.$/,
  );
  expect(await json('jobs', 'list')).toContainEqual(
    expect.objectContaining({ name: 'reconcile', lastRun: { at: shape.at, ok: true, summary: shape.summary } }),
  );
});

test('with a time ahead of the clock: what would happen', async () => {
  const { stdout, code } = await cli('jobs', 'run', 'redrive-parked', '--at', '2100-01-01');
  expect(code).toBe(0);
  expect(stdout).toBe(
    [
      'redrive-parked as of 2100-01-01 00:00:00 UTC would do this; nothing was changed.',
      '0 parked event(s) would be charged, 1 parked item(s) would be set aside as dead letters.',
      '',
      'OUTCOME    ITEMS',
      'charged        0',
      'set aside      1',
      '',
    ].join('\n'),
  );
  expect(await json('drain')).toMatchObject({ parked: 1, deadLetters: 0 });
});

test('books that do not balance make it fail', async () => {
  const { redis, keys } = await folder.open();
  await redis.hincrby(keys.meta, 'accepted', 1);
  const { code, stdout } = await cli('jobs', 'run', 'reconcile');
  await redis.hincrby(keys.meta, 'accepted', -1);
  expect(code).toBe(1);
  expect(stdout).toContain('the books do not balance (1 difference(s))');
  expect(stdout).toMatch(/^\* +accepted +2 +1$/m);
});

test('an unknown name is refused with the names', async () => {
  expect(await cli('jobs', 'run', 'cycle-rest')).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'flowly-credits: NAME is "cycle-rest", but must be one of cycle-reset, threshold-check, daily-limits, reconcile, redrive-parked, usage-digest.\n',
  });
  expect(await cli('jobs', 'run', 'reconcile', '--at', 'soon')).toMatchObject({ code: 2 });
});

test('a service schedules them, and runs one when its time comes', async () => {
  const service = start(['start'], folder.env);
  await service.said('ready.');
  const { redis } = await folder.open();
  // The delayed run of redrive-parked becomes due.
  const delayed = '{flowly-0}:jobs:delayed';
  const waiting = () => redis.zrange(delayed, '0', '-1');
  await until('the schedule', async () => (await waiting()).length === 6);
  const run = (await waiting()).find((id) => id.startsWith('repeat:redrive-parked:'))!;
  await redis.zadd(delayed, 'XX', '1', run);
  await redis.zadd('{flowly-0}:jobs:marker', '0', '0');
  const ran = async () => ((await json('jobs', 'list')) as { name: string; lastRun: unknown }[]).filter(wasRun);
  const wasRun = ({ lastRun }: { lastRun: unknown }) => lastRun !== null;
  await until('a run', async () => (await ran()).some(({ name }) => name === 'redrive-parked'));
  service.child.kill('SIGTERM');
  expect(await service.ended).toBe(0);
});
