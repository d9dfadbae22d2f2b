/**
 * The README's "Use", word by word: what a newcomer copies from it runs beside a real service and does what it says.
 * Nothing here knows more than the README.
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Block, blocksUnder, fileNameOf } from './blocks.ts';
import { makeNewcomer, type Newcomer, type Running } from './newcomer.ts';

const blocks = blocksUnder('Use');
const files = blocks.filter(({ language }) => language === 'ts');
const shell = (word: string): Block => blocks.find(({ language, text }) => language === 'sh' && text.includes(word))!;

const hasCurl = spawnSync('curl', ['--version']).status === 0;

let newcomer: Newcomer;
let service: Running;
let outcomes: Running;
let platform: Running;

beforeAll(async () => {
  newcomer = makeNewcomer();
  for (const block of files) newcomer.write(fileNameOf(block), block.text);
  service = newcomer.start('flowly-credits', 'start');
  await service.said('ready.');
});
afterAll(() => newcomer.remove());

const node = (file: string) => newcomer.run('node', file);

describe('the README’s "Use"', () => {
  test('has the files that the other tests run', () => {
    expect(files.map(fileNameOf)).toEqual(['redis.ts', 'account.ts', 'call.ts', 'outcomes.ts', 'platform.ts']);
  });

  test('passes the type check that an editor makes', async () => {
    newcomer.write('package.json', '{"type":"module"}');
    newcomer.write(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          module: 'nodenext',
          target: 'es2024',
          allowImportingTsExtensions: true,
          types: ['node'],
        },
      }),
    );
    expect(await newcomer.run('node', resolve('node_modules/typescript/bin/tsc'))).toMatchObject({
      code: 0,
      stdout: '',
    });
  });

  test('call.ts before there is an account: the gate says why not', async () => {
    expect(await node('call.ts')).toMatchObject({ code: 0, stdout: 'no call now: unknown-account\n' });
  });

  test('account.ts: the account is there once it ends, and a second run changes nothing', async () => {
    expect(await node('account.ts')).toEqual({ code: 0, stdout: "{ outcome: 'applied' }\n", stderr: '' });
    expect(await node('account.ts')).toEqual({ code: 0, stdout: "{ outcome: 'duplicate' }\n", stderr: '' });
  });

  test('call.ts: a gate check and a producer', async () => {
    expect(await node('call.ts')).toEqual({ code: 0, stdout: 'accepted\n', stderr: '' });
  });

  test('outcomes.ts: a consumer of the outcomes', async () => {
    outcomes = newcomer.start('node', 'outcomes.ts');
    await outcomes.said(': 1 accepted, 0 duplicate, 0 parked, 0 dead\n');
  });

  test('the command line', async () => {
    // Not to its first failure: doctor may have something to say of the machine.
    const { stdout, stderr } = await newcomer.run('sh', '-c', shell('ingest events.ndjson').text);
    expect(stderr).toBe('');
    const inOrder = [
      '1 event and 1 command',
      'acme\n', // the balance's card
      'Allowed: server acme-web of account acme',
      'claude-haiku-4.5',
      'kimi-k2.5',
      'The books balance: 1 account, 2 accepted events',
      'No dead letters to redrive.',
      'clickhouse-dedupe', // doctor
      'redrive-parked', // jobs list
    ];
    let from = 0;
    for (const part of inOrder) {
      expect(stdout.slice(from)).toContain(part);
      from = stdout.indexOf(part, from);
    }
    // Of 2,000 a month: 1,200 input tokens at 1, 350 output at 5 and 800 cached at 0.1 a thousand, and 900 at 2.
    expect(stdout).toContain('1,995.17 of 2,000');
    expect(stdout).toContain('2,495.17 credits');
    await outcomes.said(': 1 accepted, 0 duplicate, 0 parked, 0 dead\n');
  });

  // Curl is the one thing here that the project does not need.
  (hasCurl ? test : test.skip)('ClickHouse, asked with curl', async () => {
    const { code, stdout } = await newcomer.run('sh', '-ec', shell('curl').text);
    expect(code).toBe(0);
    expect(stdout).toMatch(/claude-haiku-4\.5 │ +3\.03 /);
    expect(stdout).toMatch(/kimi-k2\.5 +│ +1\.8 /);
  });

  test('platform.ts: a consumer of what the platform hears', async () => {
    const tokens = { output: 200_000 }; // 3,000 credits
    const event = { id: 'call-2', accountId: 'acme', serverId: 'acme-web', model: 'claude-sonnet-4.5', tokens };
    newcomer.write('last.ndjson', JSON.stringify({ ...event, occurredAt: Date.now() }));
    expect(await newcomer.run('flowly-credits', 'ingest', 'last.ndjson')).toMatchObject({ code: 0 });
    platform = newcomer.start('node', 'platform.ts');
    await platform.said('acme: credits.depleted, 0 monthly and 0 bonus credits\n');
  });

  test('the consumers and the service end when they are told to', async () => {
    outcomes.child.kill('SIGINT');
    platform.child.kill('SIGINT');
    service.child.kill('SIGINT');
    await outcomes.ended;
    await platform.ended;
    expect(await service.ended).toMatchObject({ code: 0 });
  });
});
