/** From a commit that decides a mail to a mail server that has it: once, recorded, and only what is still worth saying. */
import { expect, test } from '@jest/globals';
import { MAIL_KINDS } from '../../core/mail-kinds.ts';
import { purchase, START_MS } from '../ledger/samples.ts';
import { until } from '../support/until.ts';
import { openNotifyWorld } from './notify-world.ts';

const DAY_MS = 86_400_000;

test('a mail is sent once, to the owner and the recipients of now, and recorded', async () => {
  const world = await openNotifyWorld();
  await world.account('acme', 1_000_000);
  const notifier = await world.notifier();
  await world.ended(1);
  await notifier.stop();
  expect(await world.statuses()).toEqual(['low-credits decided', 'low-credits sent']);
  const [, sent] = await world.steps();
  expect(sent).toMatchObject({ intentId: 'acme:mail:1', attempts: 1, words: expect.stringMatching(/^250 /) });
  expect(world.arrived()).toEqual([
    {
      to: ['acme@example.com'],
      subject: 'low-credits acme:mail:1',
      messageId: expect.stringMatching(/^<.+@mail.example>$/),
    },
  ]);
  expect(await world.redis.hget(world.context.keys.account('acme'), 'mails')).toBeNull();
  expect(await world.redis.exists(world.context.keys.notifyLease)).toBe(0);
  expect(JSON.stringify([world.lines, await world.steps()])).not.toContain('@example.com');
});

test('many mails of many accounts, two notifiers at once: each arrives once', async () => {
  const world = await openNotifyWorld();
  for (let i = 0; i < 60; i += 1) await world.account(`acme-${i}`, i % 2 === 0 ? 0 : 1_000_000);
  const notifiers = [await world.notifier(), await world.notifier()];
  await world.ended(60);
  await world.quiet();
  await Promise.all(notifiers.map((one) => one.stop()));
  expect(new Set(world.arrived().map(({ messageId }) => messageId)).size).toBe(60);
  expect(world.arrived()).toHaveLength(60);
  expect((await world.steps()).filter(({ status }) => status === 'sent')).toHaveLength(60);
});

test('a commit that stirs it is noticed at once, without waiting for the next look', async () => {
  const world = await openNotifyWorld();
  const notifier = await world.notifier({ limits: { pollMs: 3_600_000, lookMsMin: 1 } });
  await until('the lease to be taken', () => world.lines.some(({ event }) => event === 'notify-lease-taken'));
  await world.account('acme', 0);
  notifier.stir();
  await world.ended(1);
  expect(await world.statuses()).toEqual(['depleted decided', 'depleted sent']);
});

test('a mail that was not taken is tried again; one that is superseded meanwhile is not sent', async () => {
  let isBusy = true;
  const world = await openNotifyWorld({
    onMailFrom: (_address, _session, done) =>
      isBusy ? done(Object.assign(new Error('try later'), { responseCode: 451 })) : done(),
  });
  await world.account('early', 1_000_000);
  await world.account('late', 1_000_000);
  await world.notifier();
  const waits = () => world.redis.zcount(world.context.keys.mailsDue, START_MS + 1, '+inf');
  await until('both to wait', async () => (await waits()) === 2);
  await world.spend('late', 1_000_000); // now it is depleted
  await until('all to wait again', async () => (await waits()) === 2);
  isBusy = false;
  expect(world.arrived()).toEqual([]);
  await world.real.setClock(START_MS + 3_600_000);
  await world.ended(3);
  const statuses = await world.statuses();
  expect([...statuses.slice(0, 4), ...statuses.slice(4).sort()]).toEqual([
    ...['low-credits decided', 'low-credits decided', 'low-credits superseded', 'depleted decided'],
    ...['depleted sent', 'low-credits sent'],
  ]);
  expect(
    world
      .arrived()
      .map(({ subject }) => subject)
      .sort(),
  ).toEqual(['depleted late:mail:2', 'low-credits early:mail:1']);
  const sent = (await world.steps()).filter(({ status }) => status === 'sent');
  expect(sent.map(({ attempts }) => attempts)).toEqual([2, 2]);
});

test('a mail that is overtaken while it is being sent does not wait again; one that is only claimed is not sent', async () => {
  const held: ((error?: Error) => void)[] = [];
  const world = await openNotifyWorld({ onMailFrom: (_address, _session, done) => void held.push(done) });
  const rendering = Promise.withResolvers<void>();
  const renderer = {
    render: async ({ intentId }: { readonly intentId: string }) => {
      if (intentId.startsWith('claimed')) await rendering.promise;
      return { subject: intentId, html: '<p>hello</p>', text: 'hello' };
    },
  };
  await world.account('sending', 1_000_000);
  await world.account('claimed', 1_000_000);
  const notifier = await world.notifier({ sending: world.sending({ renderer }) });
  await until('one to be in delivery', () => held.length === 1);
  for (const accountId of ['sending', 'claimed']) {
    await world.real.command(purchase({ accountId, amount: 50_000_000 }), START_MS); // above the level again
  }
  rendering.resolve();
  held[0]!(Object.assign(new Error('try later'), { responseCode: 451 }));
  await until('the receipts to be in delivery', () => held.length === 3);
  for (const done of held.slice(1)) done();
  await world.ended(4);
  await notifier.stop();
  expect(
    world
      .arrived()
      .map(({ subject }) => subject)
      .sort(),
  ).toEqual(['claimed:mail:2', 'sending:mail:2']);
  const over = (await world.steps()).filter(({ status }) => status === 'superseded');
  expect(over.map(({ intentId }) => intentId).sort()).toEqual(['claimed:mail:1', 'sending:mail:1']);
  expect(await world.redis.scard(world.context.keys.mailsClaimed)).toBe(0);
});

test('a mail that is refused for good fails at once, in words without the address', async () => {
  const world = await openNotifyWorld({
    onRcptTo: ({ address }, _session, done) =>
      done(Object.assign(new Error(`5.1.1 <${address}>: no such user`), { responseCode: 550 })),
  });
  await world.account('acme', 0);
  await world.notifier();
  await world.ended(1);
  const [, failed] = await world.steps();
  expect(failed).toMatchObject({ status: 'failed', attempts: 1 });
  expect(failed!.words).toMatch(/^550 5\.1\.1 .*no such user/);
  expect(failed!.words).not.toContain('@');
});

test('a day of failures: failed, with the last words', async () => {
  const world = await openNotifyWorld({
    onMailFrom: (_address, _session, done) => done(Object.assign(new Error('mailbox full'), { responseCode: 452 })),
  });
  await world.account('acme', 0);
  await world.notifier();
  const { keys } = world.context;
  let tries = 0;
  const hasEnded = async () => (await world.steps()).length > 1;
  while (!(await hasEnded())) {
    const clock = Number((await world.real.counters()).clock);
    let due = clock;
    await until('the mail to wait, or to end', async () => {
      due = Number(await world.redis.zscore(keys.mailsDue, 'acme'));
      return due > clock || (await hasEnded());
    });
    if (due > clock) await world.real.setClock(due);
    tries += 1;
  }
  const [, failed] = await world.steps();
  expect(failed).toMatchObject({
    status: 'failed',
    words: 'not taken within a day: 452 mailbox full',
    attempts: tries,
  });
  // Half a minute at first, an hour at last: 24 to 60 tries.
  expect(tries).toBeGreaterThan(24);
  expect(tries).toBeLessThan(70);
  expect(Number((await world.real.counters()).clock)).toBeLessThanOrEqual(START_MS + DAY_MS);
});

test('a mail server that cannot be used: no mail pays for it, one tries at a time, one line is logged', async () => {
  let isDown = true;
  const world = await openNotifyWorld({
    onConnect: (_session, done) => (isDown ? done(Object.assign(new Error('closed'), { responseCode: 554 })) : done()),
  });
  for (let i = 0; i < 8; i += 1) await world.account(`acme-${i}`, 0);
  await world.notifier();
  await until('the server to be asked ten times', () => world.server.connections() > 10);
  isDown = false;
  await world.ended(8);
  expect((await world.steps()).filter(({ status }) => status === 'sent').map(({ attempts }) => attempts)).toEqual(
    new Array(8).fill(1),
  );
  const said = world.lines.filter(({ event }) => String(event).startsWith('mail-server'));
  expect(said.map(({ event }) => event)).toEqual(['mail-server-unusable', 'mail-server-usable']);
});

test('while it cannot be used for a day, mails fail and say why', async () => {
  const world = await openNotifyWorld({
    onConnect: (_session, done) => done(Object.assign(new Error('closed'), { responseCode: 554 })),
  });
  for (let i = 0; i < 30; i += 1) await world.account(`acme-${i}`, 0);
  await world.notifier();
  await until('the trouble to be noticed', () => world.lines.some(({ event }) => event === 'mail-server-unusable'));
  expect(await world.statuses()).toEqual(new Array(30).fill('depleted decided'));
  await world.real.setClock(START_MS + DAY_MS + 60_000);
  await world.ended(30);
  const failed = (await world.steps()).slice(30);
  expect(failed.every(({ words }) => /^not (sent|taken) within a day: .*554/.test(words))).toBe(true);
});

test('mail switched off: mails wait, and after a day they fail and say so', async () => {
  const world = await openNotifyWorld();
  await world.account('acme', 0);
  const notifier = await world.notifier({ sending: undefined });
  await until('the lease to be taken', () => world.lines.some(({ event }) => event === 'notify-lease-taken'));
  await world.real.setClock(START_MS + DAY_MS - 1);
  await world.account('new', 0);
  await world.real.setClock(START_MS + DAY_MS);
  await world.ended(1);
  await notifier.stop();
  expect((await world.steps()).at(-1)).toMatchObject({
    ...{ intentId: 'acme:mail:1', status: 'failed', words: 'not sent within a day: mail was switched off' },
  });
  // Switched on again, what is younger is sent.
  await world.notifier();
  await world.ended(2);
  expect(world.arrived().map(({ subject }) => subject)).toEqual(['depleted new:mail:1']);
});

test('an account that cannot be read holds up no other', async () => {
  const world = await openNotifyWorld();
  for (const id of ['acme', 'broken', 'cedar']) await world.account(id, 0);
  await world.redis.hset(world.context.keys.account('broken'), 'state', 'short');
  await world.notifier();
  await world.ended(2);
  await until('the broken one to be told', () => world.lines.some(({ event }) => event === 'mails-unreadable'));
  expect(
    world
      .arrived()
      .map(({ subject }) => subject)
      .sort(),
  ).toEqual(['depleted acme:mail:1', 'depleted cedar:mail:1']);
});

test('after days without a service a receipt still goes out; what was to be said then does not', async () => {
  const world = await openNotifyWorld();
  await world.account('acme', 0);
  await world.real.command(purchase({ accountId: 'acme', amount: 5 }), START_MS);
  await world.real.setClock(START_MS + 3 * DAY_MS);
  await world.notifier();
  await world.ended(2);
  expect(world.arrived().map(({ subject }) => subject)).toEqual(['receipt acme:mail:2']);
  expect(await world.statuses()).toEqual(expect.arrayContaining(['depleted failed', 'receipt sent']));
});

test('a kind that is switched off is recorded as suppressed', async () => {
  const world = await openNotifyWorld();
  await world.account('acme', 0);
  const kinds = new Set(MAIL_KINDS.filter((kind) => kind !== 'depleted'));
  await world.notifier({ sending: world.sending({ kinds }) });
  await world.ended(1);
  expect((await world.steps())[1]).toMatchObject({
    ...{ status: 'suppressed', words: 'mails of this kind are switched off' },
  });
  expect(world.arrived()).toEqual([]);
});

test('a stop finishes what is being sent, and lets go of what is not', async () => {
  const held: (() => void)[] = [];
  const world = await openNotifyWorld({
    onMailFrom: (_address, _session, done) => void held.push(done),
  });
  for (let i = 0; i < 10; i += 1) await world.account(`acme-${i}`, 0);
  const notifier = await world.notifier();
  await until('three to be in delivery', () => held.length === 3);
  const stopping = notifier.stop();
  const { keys } = world.context;
  await until('the others to wait again', async () => (await world.redis.scard(keys.mailsClaimed)) === 3);
  for (const done of held) done();
  await stopping;
  expect(world.arrived()).toHaveLength(3);
  expect(await world.redis.scard(keys.mailsClaimed)).toBe(0);
  expect(await world.redis.zcard(keys.mailsDue)).toBe(7);
  expect((await world.steps()).filter(({ status }) => status === 'unknown')).toEqual([]);
});

test('a stop does not wait for ever: what has no answer by then is tried again by the next', async () => {
  let isSilent = true;
  const world = await openNotifyWorld({
    onMailFrom: (_address, _session, done) => (isSilent ? undefined : done()),
  });
  await world.account('acme', 0);
  const points: string[] = [];
  const notifier = await world.notifier({
    limits: { stopMs: 1 },
    signals: (point) => void points.push(point),
  });
  await until('the delivery to begin', () => points.includes('marked'));
  await notifier.stop();
  isSilent = false;
  await world.real.setClock(START_MS + 60_000);
  await world.notifier();
  await world.ended(1);
  expect(world.arrived()).toHaveLength(1);
});
