/** What a failed call to Redis means: to be tried again, or never. */
import { expect, test } from '@jest/globals';
import { PermanentError, TransientError } from '../../core/errors.ts';
import { FenceError, redisError } from '../../ledger/scripts.ts';

const LINE = 'ERR Error running script (call to f_0a1b): @user_script:221: @user_script: 221: ';

test.each([
  ['OOM command not allowed when used memory > maxmemory. script: 0a1b, on @user_script:221.', TransientError],
  [`${LINE}-OOM command not allowed when used memory > 'maxmemory'.`, TransientError],
  [`${LINE}-READONLY You can't write against a read only replica.`, TransientError],
  ['READONLY You cannot write against a read only replica. script: 0a1b, on @user_script:9.', TransientError],
  ['LOADING Redis is loading the dataset in memory', TransientError],
  ['MISCONF Redis is configured to save RDB snapshots', TransientError],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', PermanentError],
  [`${LINE}WRONGTYPE Operation against a key: BUSYBODY`, PermanentError],
  [`${LINE}AMOUNT bonus would be outside 0 to 2^53-1 micro-credits`, PermanentError],
  ['FENCE back: the sequence is 3 and was 4', FenceError],
  ['RELEASED another worker released this page', TransientError],
])('the reply "%s"', (words, kind) => {
  const reply = Object.assign(new Error(words), { name: 'ReplyError', command: { args: ['a payload'] } });
  const error = redisError('the script x', reply);
  expect(error).toBeInstanceOf(kind);
  expect(error.cause).toBeUndefined();
  expect(error.message).not.toContain('payload');
});

test('anything that is no reply may pass', () => {
  expect(redisError('a command', new Error('Connection is closed.'))).toMatchObject({ code: 'redis-unavailable' });
});
