/** `dead-letters redrive` as a whole command: what it would debit, what it debited, and that it does so once. */
import { afterAll, expect, test } from '@jest/globals';
import { call, makeTestFolder, upsert } from './data.ts';
import { run } from './run.ts';

const folder = makeTestFolder();
const cli = (...argv: string[]) => run(argv, folder.env);
const json = async <T = unknown>(...argv: string[]): Promise<T> => {
  const { code, stdout, stderr } = await cli(...argv, '--json');
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
};
const old = { occurredAt: Date.now() - 50 * 86_400_000 };

afterAll(() => folder.remove());

interface Letter {
  readonly id: string;
  readonly redrivenAt: string | null;
}

test('nothing to redrive', async () => {
  expect(await cli('dead-letters', 'redrive')).toMatchObject({ code: 0, stdout: 'No dead letters to redrive.\n' });
});

test('a dry run says what would be debited, by reason and account, and changes nothing', async () => {
  const file = folder.file('in.ndjson', [
    upsert('acme', 100),
    upsert('birch', 100),
    ...Array.from({ length: 3 }, (_, i) => call(`late-${i}`, 'acme', { ...old, tokens: { input: 1_000_000 } })),
    call('late', 'birch', { ...old, tokens: { input: 12_500 } }),
    call('bad', 'birch', { tokens: { input: -1 } }),
  ]);
  await cli('ingest', file);
  expect(await json('drain')).toMatchObject({ deadLetters: 5 });
  const { stdout } = await cli('dead-letters', 'redrive', '--dry-run');
  expect(stdout.split('\n').slice(0, 3)).toEqual([
    'Would debit 3,012.5 credits on 2 accounts: 4 letters can be redriven, 1 letter left.',
    '',
    'REASON    ACCOUNT  LETTERS  CREDITS  WOULD BE',
  ]);
  expect(stdout).toMatch(/^too-late +acme +3 +3,000 +redriven$/m);
  expect(stdout).toMatch(/^too-late +birch +1 +12\.5 +redriven$/m);
  expect(stdout).toMatch(/^invalid +birch +1 +left: it is still refused: tokens\.input is -1, but must be/m);
  expect(await json('balance', 'birch')).toMatchObject({ total: '100' });
  expect((await json<Letter[]>('dead-letters', 'list')).map((one) => one.redrivenAt)).toEqual(new Array(5).fill(null));
});

test('only of one reason; the JSON of a dry run', async () => {
  const report = await json('dead-letters', 'redrive', '--dry-run', '--reason', 'invalid');
  expect(report).toEqual({
    ...{ dryRun: true, letters: 1, redriven: 0, left: 1, events: 0, commands: 0, credits: '0', accounts: 0 },
    rows: [expect.objectContaining({ reason: 'invalid', accountId: 'birch', letters: 1, outcome: 'left' })],
    lettersLeft: [
      {
        ...{ key: expect.stringMatching(/^[0-9a-f]{32}$/), kind: 'event', reason: 'invalid' },
        ...{ accountId: 'birch', id: 'bad', why: expect.stringContaining('it is still refused') },
      },
    ],
  });
});

test('redriven: debited once, listed as redriven, not offered again, and the books balance', async () => {
  const { stdout } = await cli('dead-letters', 'redrive');
  expect(stdout).toMatch(/^Debited 3,012\.5 credits on 2 accounts: 4 letters were redriven, 1 letter left\.$/m);
  expect(await json('balance', 'acme')).toMatchObject({ total: '0', uncovered: '2900' });
  expect(await json('balance', 'birch')).toMatchObject({ total: '87.5' });
  const again = await json('dead-letters', 'redrive');
  expect(again).toMatchObject({ letters: 1, redriven: 0, left: 1, credits: '0' });
  expect(await json('balance', 'birch')).toMatchObject({ total: '87.5' });
  const letters = await json<Letter[]>('dead-letters', 'list');
  expect(letters).toHaveLength(5);
  for (const { id, redrivenAt } of letters) {
    if (id === 'bad') expect(redrivenAt).toBeNull();
    else expect(redrivenAt).toMatch(/^\d{4}-\d\d-\d\dT/);
  }
  expect((await cli('dead-letters', 'list')).stdout).toMatch(/REDRIVEN \(UTC\)/);
  expect(await json('explain', 'late', '--account', 'birch')).toMatchObject({ outcome: 'accepted' });
  expect(await json('reconcile')).toMatchObject({ drift: '0', mismatches: [], events: 4 });
});

test('an unknown reason is refused', async () => {
  const { code, stderr } = await cli('dead-letters', 'redrive', '--reason', 'lost');
  expect(code).toBe(2);
  expect(stderr).toMatch(/^flowly-credits: --reason is "lost", but must be one of invalid, conflict, /);
});
