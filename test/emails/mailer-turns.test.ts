/** Connections and pace, by counting: no more at once, no more a second, and one connection for many mails. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createTurns, type Time } from '../../emails/mailer/turns.ts';
import { mailer, mailServer, mailTo, never } from './servers.ts';

/** A clock that stands still but for sleepers, each of whom it wakes at once at the time that was asked for. */
const standing = () => {
  const slept: number[] = [];
  const time: Time = {
    nowMs: () => 0,
    async sleep(ms, signal) {
      signal.throwIfAborted();
      slept.push(ms);
    },
  };
  return { time, slept };
};

describe('turns', () => {
  test('begin evenly spaced, however many are asked for at once', () => {
    const rates = fc.tuple(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 200 }));
    return fc.assert(
      fc.asyncProperty(rates, async ([perSecond, mails]) => {
        const { time, slept } = standing();
        const turns = createTurns(mails, perSecond, time);
        await Promise.all(Array.from({ length: mails }, () => turns.take(never())));
        const startsMs = [0, ...slept];
        expect(startsMs).toHaveLength(mails);
        for (const [index, startMs] of startsMs.entries()) {
          expect(startMs).toBeCloseTo((index * 1_000) / perSecond, 6);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('are no more at once than the bound, and none is lost', async () => {
    const turns = createTurns(3, 1_000, standing().time);
    let busy = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const release = await turns.take(never());
        busy += 1;
        most = Math.max(most, busy);
        await new Promise(setImmediate);
        busy -= 1;
        release();
      }),
    );
    expect({ most, busy }).toEqual({ most: 3, busy: 0 });
  });

  test('one who leaves the line, or whose sleep is ended, holds up nobody', async () => {
    const { time } = standing();
    const turns = createTurns(1, 1_000, time);
    const release = await turns.take(never());
    const leaving = new AbortController();
    const left = turns.take(leaving.signal);
    const next = turns.take(never());
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    release();
    (await next)();
    await expect(turns.take(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    const dozing = new AbortController();
    const slow = createTurns(1, 1_000, {
      nowMs: () => 0,
      sleep: async (_ms, signal) => {
        dozing.abort(new Error('woken'));
        signal.throwIfAborted();
      },
    });
    (await slow.take(never()))();
    await expect(slow.take(dozing.signal)).rejects.toThrow('woken');
    (await slow.take(never()))();
  });
});

test('many mails, few connections, and every mail once', async () => {
  const server = await mailServer();
  const one = mailer(server.url);
  const ids = Array.from({ length: 40 }, (_, index) => `acme:mail:${index}`);
  const deliveries = await Promise.all(
    ids.map((intentId) => one.deliver({ ...mailTo('ada@example.com'), intentId }, never())),
  );
  expect(deliveries.filter(({ status }) => status === 'sent')).toHaveLength(40);
  expect(server.received).toHaveLength(40);
  expect(server.connections()).toBeLessThanOrEqual(3);
});
