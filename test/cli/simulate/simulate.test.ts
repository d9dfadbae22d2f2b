/** `simulate` as a command: its reads are the commands', nothing of it is left behind, and nothing else is touched. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { until } from '../../support/until.ts';
import { call, makeTestFolder, upsert } from '../data.ts';
import { endAll, type Running, start } from '../processes.ts';
import { type Ran, run } from '../run.ts';
import { account, answers, T, used } from './story.ts';

const folder = makeTestFolder();
afterAll(() => folder.remove());
afterEach(endAll);

let files = 0;
const simulate = (lines: readonly (object | string)[], env: Record<string, string> = {}): Promise<Ran> => {
  files += 1;
  return run(['simulate', folder.file(`script-${files}.ndjson`, lines)], env);
};
test('every read is the JSON of its command', async () => {
  const lines = [
    upsert('acme', 10),
    call('a', 'acme'),
    call('b', 'acme', { keySource: 'byok', model: 'minimax-m2.1' }),
    call('c', 'acme', { tokens: { input: 20_000 } }),
    call('a', 'acme', { tokens: { input: 1 } }),
    call('d', 'later'),
    { type: 'credits.purchase', id: 'buy', accountId: 'acme', credits: '5' },
  ];
  const reads: [object, string[]][] = [
    [{ read: 'balance', account: 'acme' }, ['balance', 'acme']],
    [{ read: 'balance', all: true }, ['balance', '--all']],
    [
      { read: 'gate', account: 'acme', server: 's', model: 'kimi-k2.5' },
      ['gate', 's', '--account', 'acme', '--model', 'kimi-k2.5'],
    ],
    [{ read: 'gate', account: 'x', server: 's' }, ['gate', 's', '--account', 'x']],
    [{ read: 'ledger', account: 'acme' }, ['ledger', 'acme']],
    [{ read: 'ledger', account: 'acme', events: true, limit: 2 }, ['ledger', 'acme', '--events', '--limit', '2']],
    [{ read: 'ledger', account: 'acme', from: '2030-01-01' }, ['ledger', 'acme', '--from', '2030-01-01']],
    [{ read: 'usage', account: 'acme', bucket: 'day' }, ['usage', '--account', 'acme', '--bucket', 'day']],
    [
      { read: 'usage', by: ['keySource'], timeZone: 'Asia/Kolkata', bucket: 'hour' },
      ['usage', '--by', 'keySource', '--time-zone', 'Asia/Kolkata', '--bucket', 'hour'],
    ],
    [
      { read: 'usage', by: 'none', model: 'claude-haiku-4.5', server: 'acme-srv' },
      ['usage', '--by', 'none', '--model', 'claude-haiku-4.5', '--server', 'acme-srv'],
    ],
    [{ read: 'alerts', account: 'acme' }, ['alerts', 'acme']],
    [{ read: 'alerts', account: 'acme', limit: 1 }, ['alerts', 'acme', '--limit', '1']],
    ...['a', 'b', 'd', 'z'].map((event): [object, string[]] => [
      { read: 'explain', event, account: event === 'd' ? 'later' : 'acme' },
      ['explain', event, '--account', event === 'd' ? 'later' : 'acme'],
    ]),
  ];
  const cli = (...argv: string[]): Promise<Ran> => run(argv, folder.env);
  const simulated = await simulate([...lines, { now: Date.now() }, ...reads.map(([line]) => line)]);
  expect({ code: simulated.code, stderr: simulated.stderr }).toEqual({ code: 0, stderr: '' });
  expect((await cli('ingest', folder.file('real.ndjson', lines))).code).toBe(0);
  expect((await cli('drain', '--timeout', '600')).code).toBe(0);
  for (const [i, answer] of answers(simulated).entries()) {
    const [line, argv] = reads[i]!;
    const { stdout } = await cli(...argv, '--json');
    expect({ line, answer: timeless(answer) }).toEqual({ line, answer: timeless(JSON.parse(stdout)) });
  }
  const verified = answers(await simulate([...lines, { read: 'ledger', account: 'acme', verify: true }]));
  expect(verified).toMatchObject([{ accountId: 'acme', intact: true }]);
});

/** Without what says when it was, and in which commit. */
function timeless(value: unknown): unknown {
  const WHEN = new Set(['asOf', 'at', 'sequence', 'index', 'position', 'block', 'committedAt', 'queuedAt', 'key']);
  // Mails leave a service while it works, and a sandbox never.
  WHEN.add('mails');
  return JSON.parse(JSON.stringify(value, (name, one) => (WHEN.has(name) ? null : one)));
}

test('what the service would set aside becomes a dead letter; what cannot be read is an error of its own', async () => {
  const ran = await simulate([
    { now: T('01-20T00:00:00') },
    { read: 'balance', account: 'acme' },
    account('acme'),
    { type: 'no.such', id: 'x', accountId: 'acme' },
    used('bad', 'acme', T('01-20T00:00:00'), -1),
    {},
    { read: 'explain', account: 'acme', event: 'bad' },
    { read: 'balance', account: 'acme' },
    { job: 'reconcile' },
  ]);
  const message = 'Account acme is not known: no account.upsert for it has been applied.';
  expect(answers(ran)).toMatchObject([
    { error: { code: 'unknown-account', message } },
    { outcome: 'dead-letter', deadLetters: [{ reason: 'invalid', field: 'tokens.input' }] },
    { total: '10' },
  ]);
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 1, stderr: `flowly-credits: line 2: ${message}\n` });
});

describe('a wrong script', () => {
  test('is refused before anything is started', async () => {
    const ran = await simulate([
      { now: T('01-20T00:00:00') },
      { read: 'balance', all: true },
      { now: T('01-19T00:00:00') },
    ]);
    expect(ran).toEqual({
      ...{ code: 2, stdout: '' },
      stderr: `flowly-credits: line 3: now is ${T('01-19T00:00:00.000')}, but the clock stands at ${T('01-20T00:00:00.000')} and only moves forward.\n`,
    });
  });

  test('a file that is not there', async () => {
    const path = join(folder.path, 'none.ndjson');
    expect(await run(['simulate', path])).toEqual({
      ...{ code: 1, stdout: '' },
      stderr: `flowly-credits: ${path} cannot be read: there is no such file.\n`,
    });
  });
});

describe('as a process', () => {
  /** Temporary folders of this test go into a folder of its own, and nothing else of it exists. */
  function startIn(name: string): Running & { left: () => string[] } {
    const TMPDIR = join(folder.path, name);
    mkdirSync(TMPDIR);
    const elsewhere = {
      ...{ REDIS_URL: 'redis://127.0.0.1:1', CLICKHOUSE_URL: 'http://127.0.0.1:1' },
      FLOWLY_DATA_DIR: join(folder.path, 'not-made'),
    };
    return {
      ...start(['simulate', '-'], { TMPDIR, ...elsewhere }),
      left: () => readdirSync(TMPDIR).filter((one) => one.startsWith('flowly-')),
    };
  }
  const say = ({ child }: Running, line: object | string): void => {
    child.stdin!.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
  };
  const answered = (running: Running, count: number): Promise<void> =>
    until(`${count} answers`, () => {
      if (running.child.exitCode !== null) throw new Error(`It has ended: ${running.stderr()}`);
      return running.stdout().split('\n').length > count;
    });

  test('answers each read as it comes, ends at a wrong line, and leaves nothing', async () => {
    const running = startIn('a');
    say(running, { now: T('01-20T00:00:00') });
    say(running, account('acme'));
    say(running, { read: 'balance', account: 'acme' });
    await answered(running, 1);
    say(running, used('e1', 'acme', T('01-20T00:00:00')));
    say(running, { read: 'usage', account: 'acme', by: 'none' });
    await answered(running, 2);
    expect(running.left()).toHaveLength(1);
    say(running, { read: 'letters' });
    expect(await running.ended).toBe(2);
    expect(running.stderr()).toBe(
      'flowly-credits: line 6: read is the text "letters", but must be one of "balance", "ledger", "gate", "usage", "explain", "alerts", "mails", "platform-events".\n',
    );
    expect(answers({ stdout: running.stdout() })).toMatchObject([{ total: '10' }, [{ credits: '1' }]]);
    expect([running.left(), existsSync(join(folder.path, 'not-made'))]).toEqual([[], false]);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s: stops, and nothing is left', async (signal) => {
    const running = startIn(signal);
    say(running, { now: T('01-20T00:00:00') });
    say(running, { read: 'balance', all: true });
    await answered(running, 1);
    running.child.kill(signal);
    expect(await running.ended).toBe(1);
    expect(running.stderr()).toBe('flowly-credits: stopped.\n');
    expect(running.left()).toEqual([]);
  });

  test('stopped while its engines start', async () => {
    const running = startIn('early');
    await until('its folder', () => running.left().length > 0);
    running.child.kill('SIGINT');
    expect(await running.ended).toBe(1);
    expect(running.stderr()).toBe('flowly-credits: stopped.\n');
    expect(running.left()).toEqual([]);
  });
});
