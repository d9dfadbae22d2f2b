/** Settings of mails: what they become, and which need one another. */
import { describe, expect, test } from '@jest/globals';
import { MAIL_KINDS } from '../../core/mail-kinds.ts';
import { readConfig, SettingsError } from '../../runtime/config.ts';

const linesOf = (env: Record<string, string>): readonly string[] => {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.lines;
    throw error;
  }
};

test('nothing set: mails of every kind, as files, from nobody who could be answered', () => {
  expect(readConfig({}).mail).toEqual({
    on: true,
    from: { name: 'Flowly', address: 'no-reply@localhost' },
    replyTo: undefined,
    kinds: new Set(MAIL_KINDS),
    unknown: 'resend',
    perSecond: 50,
    requireTls: false,
    dkim: undefined,
    unsubscribe: undefined,
    manageUrl: undefined,
  });
});

test('everything set', () => {
  const { mail, smtpUrl } = readConfig({
    SMTP_URL: 'smtps://user:p%40ss@mail.example:465',
    MAIL: 'off',
    MAIL_FROM: '"Flowly, Inc." <billing@example.com>',
    MAIL_REPLY_TO: 'help@example.com',
    MAIL_KINDS: 'depleted, digest',
    MAIL_UNKNOWN: 'keep',
    MAIL_PER_SECOND: '7',
    MAIL_REQUIRE_TLS: '1',
    MAIL_DKIM_KEY_FILE: 'key.pem',
    MAIL_DKIM_DOMAIN: 'example.com',
    MAIL_DKIM_SELECTOR: 'flowly.2026',
    MAIL_UNSUBSCRIBE_URL: 'https://example.com/u?a={account}&t={token}',
    MAIL_UNSUBSCRIBE_SECRET: 'sixteen-or-more!',
    MAIL_MANAGE_URL: 'https://example.com/mails',
  });
  expect(smtpUrl).toBe('smtps://user:p%40ss@mail.example:465');
  expect(mail).toEqual({
    on: false,
    from: { name: 'Flowly, Inc.', address: 'billing@example.com' },
    replyTo: { address: 'help@example.com' },
    kinds: new Set(['depleted', 'digest']),
    unknown: 'keep',
    perSecond: 7,
    requireTls: true,
    dkim: { keyFile: 'key.pem', domain: 'example.com', selector: 'flowly.2026' },
    unsubscribe: { urlTemplate: 'https://example.com/u?a={account}&t={token}', secret: 'sixteen-or-more!' },
    manageUrl: 'https://example.com/mails',
  });
});

const FROM_NEEDED =
  'MAIL_FROM is not set, but must be with SMTP_URL: an address such as billing@example.com, or Flowly <billing@example.com>.';

describe('what needs what', () => {
  test.each<[Record<string, string>, readonly string[]]>([
    [{ SMTP_URL: 'smtp://mail.example' }, [FROM_NEEDED]],
    [{ SMTP_URL: 'smtp://mail.example', MAIL: 'off' }, []],
    [{ SMTP_URL: 'smtp://mail.example', MAIL_FROM: 'a@b.c' }, []],
    [
      { MAIL_DKIM_KEY_FILE: 'key.pem', MAIL_DKIM_DOMAIN: 'example.com' },
      ['MAIL_DKIM_KEY_FILE is set, but must be together with MAIL_DKIM_SELECTOR: set all of them, or none.'],
    ],
    [
      { MAIL_UNSUBSCRIBE_SECRET: 'sixteen-or-more!' },
      ['MAIL_UNSUBSCRIBE_SECRET is set, but must be together with MAIL_UNSUBSCRIBE_URL: set all of them, or none.'],
    ],
    [
      { SMTP_URL: 'smtp://mail.example', MAIL_UNSUBSCRIBE_SECRET: 'sixteen-or-more!', MAIL_PER_SECOND: '0' },
      [
        'MAIL_PER_SECOND is "0", but must be an integer from 1 to 1000.',
        FROM_NEEDED,
        'MAIL_UNSUBSCRIBE_SECRET is set, but must be together with MAIL_UNSUBSCRIBE_URL: set all of them, or none.',
      ],
    ],
  ])('%j', (env, lines) => expect(linesOf(env)).toEqual(lines));
});

describe('a URL that mails show', () => {
  test.each([
    'http://example.com/{account}/{token}',
    'https://user:pass@example.com/{account}/{token}',
    'https://example.com/{account}',
    'https://example.com/{token}',
    'https://example.com/ {account}{token}',
    'https://example.com/<{account}{token}>',
    `https://example.com/{account}/{token}/${'x'.repeat(500)}`,
  ])('%s is refused, and not shown', (url) => {
    const lines = linesOf({ MAIL_UNSUBSCRIBE_URL: url, MAIL_UNSUBSCRIBE_SECRET: 'sixteen-or-more!' });
    expect(lines).toEqual([expect.stringMatching(/^MAIL_UNSUBSCRIBE_URL has a value that cannot be used \(not shown/)]);
  });
});
