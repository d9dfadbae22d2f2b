/** `gate` as a command: the contract's JSON, words for people, and bad usage; through real commands and events. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { call, makeTestFolder, upsert } from './data.ts';
import { run } from './run.ts';

const folder = makeTestFolder();
const cli = (...argv: string[]) => run(argv, folder.env);
const gate = async (...argv: string[]): Promise<unknown> => {
  const { code, stdout, stderr } = await cli('gate', ...argv, '--json');
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout);
};

beforeAll(async () => {
  const file = folder.file('accounts.ndjson', [
    upsert('acme', 10),
    upsert('empty', 0),
    upsert('gone', 10),
    { type: 'account.close', id: 'bye', accountId: 'gone', reason: 'left' },
    { type: 'server.limit', id: 'lim', accountId: 'acme', serverId: 'small', dailyCredits: '2' },
    call('e-1', 'acme', { serverId: 'small', tokens: { input: 2_000 }, occurredAt: Date.now() }),
  ]);
  expect((await cli('ingest', file)).code).toBe(0);
  expect((await cli('drain', '--timeout', '300')).code).toBe(0);
});
afterAll(() => folder.remove());

test.each([
  ['web', 'acme', { allow: true }, 'Allowed: server web of account acme may make this call now.'],
  [
    'small',
    'acme',
    { allow: false, reason: 'daily-limit' },
    'Denied (daily-limit): server small has reached its daily limit; it may go on at the account’s next midnight, or when the limit is raised.',
  ],
  [
    'web',
    'empty',
    { allow: false, reason: 'depleted' },
    'Denied (depleted): account empty has no credits left, neither monthly nor bonus.',
  ],
  [
    'web',
    'gone',
    { allow: false, reason: 'closed' },
    'Denied (closed): account gone is closed; an account.upsert reopens it.',
  ],
  [
    'web',
    'nobody',
    { allow: false, reason: 'unknown-account' },
    'Denied (unknown-account): account nobody is not known: no account.upsert for it has been applied.',
  ],
])('%s of %s: %j', async (server, account, answer, words) => {
  expect(await gate(server, '--account', account)).toEqual(answer);
  expect(await cli('gate', server, '--account', account)).toEqual({ code: 0, stdout: `${words}\n`, stderr: '' });
  expect(await gate(server, '--account', account, '--key-source', 'byok')).toEqual({ allow: true });
  expect(await gate(server, '--account', account, '--key-source', 'platform', '--model', 'kimi-k2.5')).toEqual(answer);
});

test('a price book in which a model is free', async () => {
  const model = { model: 'gift', creditsPer1000Tokens: { input: '0', output: '0', cacheRead: '0', cacheWrite: '0' } };
  const labels = { aliases: ['present'], speed: 'Fast', creditUsage: 'None', bestFor: 'Tests' };
  const book = { versions: [{ name: 'v', effectiveFrom: '1970-01-01T00:00:00Z', models: [{ ...model, ...labels }] }] };
  const PRICE_BOOK = folder.file('book.json', [book]);
  for (const name of ['gift', 'present']) {
    const { stdout } = await run(['gate', 'web', '--account', 'empty', '--model', name, '--json'], {
      ...folder.env,
      PRICE_BOOK,
    });
    expect(JSON.parse(stdout)).toEqual({ allow: true });
  }
});

test.each([
  [['gate'], "required option '--account <ID>' not specified."],
  [['gate', '--account', 'a'], "missing required argument 'server'."],
  [['gate', 'web'], "required option '--account <ID>' not specified."],
  [['gate', 'a b', '--account', 'a'], 'SERVER is "a b", but must be 1 to 128 characters of A–Z a–z 0–9 . _ : @ / + -.'],
  [
    ['gate', 'web', '--account', ''],
    '--account is empty, but must be 1 to 128 characters of A–Z a–z 0–9 . _ : @ / + -.',
  ],
  [
    ['gate', 'web', '--account', 'a', '--key-source', 'mine'],
    '--key-source is "mine", but must be one of platform, byok.',
  ],
  [
    ['gate', 'web', '--account', 'a', '--model', 'ü'],
    '--model is "ü", but must be 1 to 128 characters of A–Z a–z 0–9 . _ : @ / + -.',
  ],
])('bad usage: %j', async (argv, line) => {
  const { code, stdout, stderr } = await run(argv);
  expect({ code, stdout, last: stderr.trimEnd().split('\n').at(-1) }).toEqual({
    code: 2,
    stdout: '',
    last: `flowly-credits: ${line}`,
  });
});
