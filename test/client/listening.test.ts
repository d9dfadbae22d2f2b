/** A listener for outcomes that stops by itself: it is told, and outcomes are heard again. */
import { expect, test } from '@jest/globals';
import { createUsageClient } from '../../client/usage-client.ts';
import { closeAfterTests, freshRedis, freshTag } from '../support/engines.ts';
import { until } from '../support/until.ts';
import { event, startWorker } from './world.ts';

test('a message of the queue that cannot be read ends it: the hook is told, and the next outcomes are heard', async () => {
  const [redis, prefix] = [await freshRedis(), freshTag()];
  const worker = await startWorker(redis, prefix);
  closeAfterTests(() => worker.close());
  const errors: Error[] = [];
  const client = createUsageClient({ connection: redis, prefix, onListenError: (error) => void errors.push(error) });
  closeAfterTests(() => client.close());
  expect(await client.record(event('before')).settled).toEqual({ outcome: 'accepted' });
  expect(errors).toEqual([]);
  await redis.xadd(`${prefix}:usage:events`, '*', 'event', 'completed', 'jobId', 'x', 'returnvalue', '{broken');
  await until('the hook to be told', () => errors.length > 0);
  expect(errors[0]).toBeInstanceOf(SyntaxError);
  expect(await client.record(event('after')).settled).toEqual({ outcome: 'accepted' });
  expect(errors).toHaveLength(1);
});
