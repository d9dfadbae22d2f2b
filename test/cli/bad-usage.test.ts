/** Bad usage: exit code 2, one plain line that names the flag, the value's problem and what is accepted. */
import { describe, expect, test } from '@jest/globals';
import { run } from './run.ts';

const CYCLES = ['cycles', '--anchor', '2026-01-31', '--time-zone', 'UTC', '--count', '2'];

const CASES: [argv: string[], line: string][] = [
  [['blance'], "unknown command 'blance' (Did you mean balance?)"],
  [['balance', 'a', '--jsn'], "unknown option '--jsn' (Did you mean --json?)"],
  [['balance', 'a', 'b'], "too many arguments for 'balance'. Expected 1 argument but got 2."],
  [['balance'], 'ACCOUNT is missing: give an account id, or --all.'],
  [['balance', 'a', '--all'], '--all and an account were given, but must be one or the other.'],
  [['balance', 'a b'], 'ACCOUNT is "a b", but must be 1 to 128 characters of A–Z a–z 0–9 . _ : @ / + -.'],
  [['ingest'], "missing required argument 'file'."],
  [['drain', '--timeout', '-1'], '--timeout is "-1", but must be seconds from 0 to 604800.'],
  [['drain', '--timeout'], "option '--timeout <S>' argument missing."],
  [
    ['usage', '--by', 'account,account'],
    '--by is "account,account", but must be some of account,server,model,keySource,cycle, each once, separated by commas.',
  ],
  [
    ['usage', '--by', 'colour'],
    '--by is "colour", but must be some of account,server,model,keySource,cycle, each once, separated by commas.',
  ],
  [['usage', '--bucket', 'week'], '--bucket is "week", but must be one of hour, day, month.'],
  [
    ['usage', '--from', '2026-02-30'],
    '--from is "2026-02-30", but must be a date such as 2026-11-01, an ISO 8601 time with an offset such as 2026-11-01T12:00:00Z, or epoch milliseconds.',
  ],
  [
    ['usage', '--from', '2026-11-01T12:00:00'],
    '--from is "2026-11-01T12:00:00", but must be a date such as 2026-11-01, an ISO 8601 time with an offset such as 2026-11-01T12:00:00Z, or epoch milliseconds.',
  ],
  [
    ['usage', '--from', '2026-11-02', '--to', '2026-11-02'],
    '--to is not after --from, but must be: the range runs from --from up to, not including, --to.',
  ],
  [
    ['usage', '--time-zone', 'Mars/Olympus'],
    '--time-zone is "Mars/Olympus", but must be an IANA time zone name such as Europe/Berlin.',
  ],
  [['dead-letters'], 'a command is missing.'],
  [['dead-letters', 'lst'], "unknown command 'lst' (Did you mean list?)"],
  [
    ['dead-letters', 'list', '--reason', 'bad'],
    '--reason is "bad", but must be one of invalid, conflict, too-late, future, too-large, internal, unknown-account, unknown-model, unflushable.',
  ],
  [['dead-letters', 'list', '--limit', '0'], '--limit is "0", but must be an integer from 1 to 100000.'],
  [['cycles', '--time-zone', 'UTC', '--count', '2'], "required option '--anchor <T>' not specified."],
  [
    ['cycles', '--anchor', '2026-02-30', '--time-zone', 'UTC', '--count', '2'],
    '--anchor is "2026-02-30", but must be a local date-time that exists, without an offset, such as 2026-01-31T00:00:00.',
  ],
  [
    ['cycles', '--anchor', '2026-01-31', '--time-zone', 'UTC', '--count', '1e3'],
    '--count is "1e3", but must be an integer from 1 to 1200.',
  ],
  [
    ['usage', '--server', 'x'.repeat(200)],
    `--server is "${'x'.repeat(40)}…", but must be 1 to 128 characters of A–Z a–z 0–9 . _ : @ / + -.`,
  ],
];

describe('bad usage', () => {
  test.each(CASES)('%j', async (argv, line) => {
    const { code, stdout, stderr } = await run(argv);
    expect({ code, stdout, last: stderr.trimEnd().split('\n').at(-1) }).toEqual({
      code: 2,
      stdout: '',
      last: `flowly-credits: ${line}`,
    });
  });

  test('every setting that is wrong is named at once, and no URL is shown', async () => {
    const env = {
      REDIS_URL: 'http://:secret@x',
      CLICKHOUSE_URL: 'secret',
      SMTP_URL: 'smtps://ops:secret@mail.example:465/?tls.rejectUnauthorized=false',
      MAIL: 'yes',
      MAIL_FROM: 'Flowly <billing@example.com>, eve@example.com',
      MAIL_KINDS: 'digest,digest',
      MAIL_DKIM_SELECTOR: 'flowly',
      MAIL_UNSUBSCRIBE_URL: 'https://example.com/{account}',
      MAIL_UNSUBSCRIBE_SECRET: 'secret',
      MAIL_MANAGE_URL: 'https://ops:secret@example.com/',
      ACCEPT_DAYS: '0',
      PARTITIONS: '4',
      LOG_LEVEL: 'loud',
      FLOWLY_DEBUG: '',
    };
    const { code, stderr } = await run(CYCLES, env);
    expect(code).toBe(2);
    expect(stderr.trimEnd().split('\n')).toEqual([
      'flowly-credits: REDIS_URL has a value that cannot be used (not shown: it may hold a password), but must be a URL such as redis://user:password@host:6379/0 (or rediss:// for TLS).',
      'flowly-credits: CLICKHOUSE_URL has a value that cannot be used (not shown: it may hold a password), but must be a URL such as https://user:password@host:8443/flowly.',
      'flowly-credits: SMTP_URL has a value that cannot be used (not shown: it may hold a password), but must be a URL such as smtps://user:password@host:465, without path and query.',
      'flowly-credits: MAIL is "yes", but must be on or off.',
      'flowly-credits: MAIL_FROM is "Flowly <billing@example.com>, eve@exampl…", but must be an address such as billing@example.com, or Flowly <billing@example.com>.',
      'flowly-credits: MAIL_KINDS is "digest,digest", but must be some of low-credits, depleted, restored, monthly-reset, expiring, limit-warning, limit-reached, receipt, digest, each once, separated by commas.',
      'flowly-credits: MAIL_UNSUBSCRIBE_URL has a value that cannot be used (not shown: it may hold a password), but must be an https URL of at most 500 characters with {account} and {token} in it.',
      'flowly-credits: MAIL_UNSUBSCRIBE_SECRET has a value that cannot be used (not shown: it may hold a password), but must be a text of 16 to 256 printable ASCII characters without blanks.',
      'flowly-credits: MAIL_MANAGE_URL has a value that cannot be used (not shown: it may hold a password), but must be an https URL of at most 500 characters.',
      'flowly-credits: ACCEPT_DAYS is "0", but must be an integer from 1 to 366.',
      'flowly-credits: PARTITIONS is "4", but must be 1: this version runs one partition.',
      'flowly-credits: LOG_LEVEL is "loud", but must be one of trace, debug, info, warn, error, fatal, silent.',
      'flowly-credits: MAIL_DKIM_SELECTOR is set, but must be together with MAIL_DKIM_KEY_FILE and MAIL_DKIM_DOMAIN: set all of them, or none.',
    ]);
  });

  test('a stack trace only when it was asked for', async () => {
    const plain = await run(['balance', 'a b']);
    expect(plain.stderr.trimEnd().split('\n')).toHaveLength(1);
    for (const asked of [
      await run(['balance', 'a b', '--debug']),
      await run(['balance', 'a b'], { FLOWLY_DEBUG: '1' }),
    ]) {
      expect(asked.stderr).toMatch(/UsageError: ACCOUNT is "a b".*\n.* {4}at /);
      expect(asked.code).toBe(2);
    }
  });

  test('no command: the help, on standard error', async () => {
    const { code, stdout, stderr } = await run([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: flowly-credits <command> [flags]');
  });
});

describe('help', () => {
  const COMMANDS = ['start', 'demo', 'ingest', 'drain', 'balance', 'usage', 'reconcile', 'dead-letters list', 'cycles'];

  test('lists every command with a line', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command.split(' ')[0]} {2,}\\S`, 'm'));
  });

  test.each(COMMANDS)('%s --help tells its flags and an example', async (command) => {
    const { code, stdout, stderr } = await run([...command.split(' '), '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('--json');
    expect(stdout).toContain(`$ npx flowly-credits ${command}`);
  });

  test('--version', async () => {
    expect(await run(['--version'])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    });
  });
});
