/** What a program may hand to the package, and how it hears that it handed something else. */
import { expect, test } from '@jest/globals';
import { createGate, createUsageClient } from '../../index.ts';
import { freshRedis, freshTag } from '../support/engines.ts';

const refusal = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    const { name, code, field, message } = error as Error & { code?: string; field?: string };
    return { name, code, field, lines: message.split('\n').length };
  }
};
const invalid = (field?: string) => ({ name: 'PermanentError', code: 'invalid', field, lines: 1 });

test.each<[unknown, string | undefined]>([
  [undefined, undefined],
  [null, undefined],
  ['redis://127.0.0.1:6379', undefined],
  [[], undefined],
  [{}, 'redisUrl'],
  [{ redisUrl: 'http://127.0.0.1' }, 'redisUrl'],
  [{ redisUrl: 'redis://127.0.0.1:1', connection: {} }, 'redisUrl'],
  [{ connection: 'redis://127.0.0.1:1' }, 'connection'],
  [{ connection: 7 }, 'connection'],
  [{ connection: null }, 'connection'],
  [{ connection: {}, batchMs: 20 }, 'batchMs'],
  [{ connection: {}, batchEventsMax: 0 }, 'batchEventsMax'],
  [{ connection: {}, prefix: '' }, 'prefix'],
])('createUsageClient(%j) is refused by its field, before anything is opened', (options, field) => {
  expect(refusal(() => createUsageClient(options as never))).toEqual(invalid(field));
});

test.each<[unknown, string | undefined]>([
  [undefined, undefined],
  [null, undefined],
  [{}, 'redis'],
  [{ redis: 'redis://127.0.0.1:6379' }, 'redis'],
  [{ redis: {} }, 'redis'],
])('createGate(%j) is refused by its field', (options, field) => {
  expect(refusal(() => createGate(options as never))).toEqual(invalid(field));
});

test('a gate takes no option, and a check no field, that it does not know', async () => {
  const redis = await freshRedis();
  expect(refusal(() => createGate({ redis, prices: {} } as never))).toEqual(invalid('prices'));
  const gate = createGate({ redis, prefix: freshTag() });
  const call = { accountId: 'a', serverId: 's' };
  await expect(gate.check(undefined as never)).rejects.toMatchObject({ code: 'invalid' });
  await expect(gate.check({ ...call, keysource: 'byok' } as never)).rejects.toMatchObject({
    ...{ name: 'PermanentError', code: 'invalid', field: 'keysource' },
    message: '"keysource" is unknown: A gate check takes an object with accountId, serverId, keySource, model.',
  });
  expect(await gate.check({ ...call, model: undefined })).toEqual({ allow: false, reason: 'unknown-account' });
});
