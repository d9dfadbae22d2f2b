/** Identities are facts, kept apart; bodies are equal exactly when they are after parsing. */
import { describe, expect, test } from '@jest/globals';
import {
  bodyHash,
  commandBody,
  commandKey,
  deadLetterKey,
  eventBody,
  eventKey,
  KEY_BYTES,
} from '../../core/identity.ts';
import type { Micros } from '../../core/money.ts';
import type { AccountCommand, UsageEvent } from '../../core/types.ts';

const event: UsageEvent = {
  id: 'e',
  accountId: 'a',
  serverId: 's',
  model: 'm',
  occurredAt: 5,
  tokens: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 },
  keySource: 'platform',
  attributes: [['k', 'v']],
};
const hex = (bytes: Buffer | string) => Buffer.from(bytes as string, 'latin1').toString('hex');

describe('keys', () => {
  test('are short and stable: what is stored under them outlives this program', () => {
    expect(eventKey('a', 'e')).toHaveLength(KEY_BYTES);
    expect(hex(eventKey('acct-1', 'call-1'))).toBe('b90e9f73ab6f55163ec8db014272d571');
    expect(hex(commandKey('acct-1', 'call-1'))).toBe('d4106bb7d6245c0d6880809b36032342');
  });

  test('are all different', () => {
    const letter = { kind: 'event', accountId: 'a', id: 'b', reason: 'invalid', body: '{}' } as const;
    const keys = [
      eventKey('a:b', 'c'),
      eventKey('a', 'b:c'),
      eventKey('1:a', 'b'),
      eventKey('a', '1:b'),
      commandKey('a', 'b'),
      eventKey('a', 'b'),
      deadLetterKey(letter),
      deadLetterKey({ ...letter, kind: 'command' }),
      deadLetterKey({ ...letter, reason: 'conflict' }),
      deadLetterKey({ ...letter, body: '{ }' }),
      deadLetterKey({ ...letter, id: '', body: 'b{}' }),
    ].map(hex);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('bodies', () => {
  test.each<[string, Partial<UsageEvent>]>([
    ['server', { serverId: 't' }],
    ['model', { model: 'n' }],
    ['time', { occurredAt: 6 }],
    ['tokens', { tokens: { ...event.tokens, cacheWrite: 5 } }],
    ['key source', { keySource: 'byok' }],
    ['attributes', { attributes: [] }],
  ])('another %s is another body', (_field, change) => {
    expect(eventBody({ ...event, ...change })).not.toBe(eventBody(event));
  });

  test('the body of an event is neither its account nor its id', () => {
    expect(eventBody({ ...event, id: 'x', accountId: 'y' })).toBe(eventBody(event));
  });

  test('the order of a command’s fields means nothing; left out and cleared are different', () => {
    const limit = { id: 'c', accountId: 'a', silent: false, at: 1, serverId: 's', warnAtPercent: undefined };
    const type = 'server.limit' as const;
    const one: AccountCommand = { type, ...limit, dailyCredits: 5n as Micros };
    const other: AccountCommand = { dailyCredits: 5n as Micros, ...limit, type };
    expect(commandBody(one)).toBe(commandBody(other));
    expect(commandBody({ ...one, warnAtPercent: null })).not.toBe(commandBody(one));
    expect(commandBody({ ...one, dailyCredits: 6n as Micros })).not.toBe(commandBody(one));
  });

  test('a body is remembered in four bytes', () => {
    expect(bodyHash('x')).toHaveLength(4);
    expect(hex(bodyHash('x'))).not.toBe(hex(bodyHash('y')));
  });
});
