/** The commit of account commands: once, in their order, alone when they fail, and what a first upsert releases. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { PermanentError } from '../../core/errors.ts';
import { MICROS_MAX } from '../../core/money.ts';
import type { AccountCommand } from '../../core/types.ts';
import { readAlertStates } from '../../ledger/alerts.ts';
import { commitCommand } from '../../ledger/commit-command.ts';
import { applyCommand } from '../../workers/accounts/apply-command.ts';
import { freshRedis } from '../support/engines.ts';
import type { RealLedger } from './real-ledger.ts';
import { alerts, event, purchase, refund, START_MS, serverLimit, upsert } from './samples.ts';
import { COMMAND_SETTINGS, counts, dump, faulty, lines, openStage, outcomes } from './stage.ts';

let redis: Redis;
beforeAll(async () => {
  redis = await freshRedis();
});

async function openAccount(): Promise<RealLedger> {
  const real = await openStage(redis);
  await real.command(upsert(), START_MS);
  return real;
}

const told = async (real: RealLedger, command: AccountCommand, queuedAt = START_MS): Promise<string> => {
  const result = await real.command(command, queuedAt);
  return 'reason' in result ? `${result.outcome} ${result.reason}` : result.outcome;
};

const MAX = Number(MICROS_MAX);

describe('once', () => {
  const kinds: readonly [string, () => AccountCommand][] = [
    ['account.upsert', () => upsert({ monthly: 2_000_000 })],
    ['credits.purchase', () => purchase()],
    ['server.limit', () => serverLimit('srv')],
    ['alerts.set', () => alerts(5)],
    ['account.close', () => ({ ...purchase(), type: 'account.close', reason: 'left' })],
  ];
  test.each(kinds)('%s sent again is a duplicate, with another body a conflict', async (_, make) => {
    const real = await openAccount();
    const command = make();
    expect(await told(real, command)).toBe('applied');
    const before = await dump(real);
    expect([await told(real, command), await told(real, { ...command, at: 5 })]).toEqual([
      ...['duplicate', 'dead-letter conflict'],
    ]);
    const after = await dump(real);
    const { keys } = real.context;
    for (const key of [keys.account('a'), keys.commands('a'), keys.purchases('a')]) {
      expect(after[key]).toBe(before[key]);
    }
    expect(await counts(real)).toMatchObject({ dead: 1, parked: 0 });
  });

  test.each(kinds)('%s whose reply was lost is a duplicate of itself', async (_, make) => {
    const real = await openAccount();
    const { options, retries } = faulty(real.options, 'commitCommand', 'reply lost');
    const result = await applyCommand(options, { command: make(), queuedAt: START_MS });
    expect([result.outcome, retries.length]).toEqual(['duplicate', 1]);
    expect((await lines(real, 'history')).map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
  });

  test('the id of an event is not the id of a command', async () => {
    const real = await openAccount();
    expect(await outcomes(real, [event({ id: 'same' })])).toEqual(['accepted']);
    expect(await told(real, purchase({ id: 'same' }))).toBe('applied');
  });
});

describe('older than the last of its kind', () => {
  const versions: readonly [string, (at: number) => AccountCommand][] = [
    ['account.upsert', (at) => upsert({ at, monthly: 1_000_000 + at })],
    ['server.limit', (at) => serverLimit('srv', { at })],
    ['alerts.set', (at) => alerts(at, { at })],
  ];
  test.each(versions)('%s is recorded as stale and changes nothing', async (_, make) => {
    const real = await openStage(redis);
    await real.command(upsert({ at: 0 }), START_MS);
    const applied = [100, 100, 99, 101].map((at) => make(at));
    const results: string[] = [];
    for (const command of applied) results.push(await told(real, command));
    expect(results).toEqual(['applied', 'applied', 'stale', 'applied']);
    expect((await lines(real, 'history')).map(({ outcome }) => outcome)).toEqual(['applied', ...results]);
    expect(await told(real, applied[2]!)).toBe('duplicate');
  });

  test('servers are versioned one by one', async () => {
    const real = await openAccount();
    expect(await told(real, serverLimit('one', { at: 10 }))).toBe('applied');
    expect(await told(real, serverLimit('two', { at: 5 }))).toBe('applied');
    expect(await told(real, serverLimit('one', { at: 9 }))).toBe('stale');
  });

  test('what a first upsert releases is compared too', async () => {
    const real = await openStage(redis);
    const parked = [alerts(1, { at: 50 }), alerts(2, { at: 40 }), serverLimit('srv', { at: 50 })];
    parked.push(alerts(3, { at: 60 }), serverLimit('srv', { at: 40 }), alerts(4, { at: 55 }));
    for (const command of parked) expect(await told(real, command)).toBe('parked unknown-account');
    expect(await told(real, upsert())).toBe('applied');
    const history = (await lines(real, 'history')).map(({ commandId, outcome }) => `${commandId} ${outcome}`);
    expect(history.slice(1)).toEqual(
      ['applied', 'stale', 'applied', 'applied', 'stale', 'stale'].map((outcome, i) => `${parked[i]!.id} ${outcome}`),
    );
    const { alerts: kept } = (await readAlertStates(real.context, 'a'))!;
    expect(kept.slice(2).map(({ alert }) => alert)).toEqual([{ id: 'at-3', kind: 'absolute', credits: 3n }]);
  });
});

describe('alone', () => {
  test('a purchase that would leave the range is invalid, and the account goes on', async () => {
    const real = await openAccount();
    expect(await told(real, purchase({ amount: MAX - 10 }))).toBe('applied');
    const tooMuch = purchase({ amount: 11 });
    expect(await told(real, tooMuch)).toBe('dead-letter invalid');
    expect(await told(real, purchase({ amount: 10 }))).toBe('applied');
    expect(await real.account('a')).toMatchObject({ bonus: MAX });
    expect(await lines(real, 'dead')).toMatchObject([{ id: tooMuch.id, field: 'credits', kind: 'command' }]);
  });

  test('one bad parked command never holds its account back', async () => {
    const real = await openStage(redis);
    const [fine, tooMuch] = [purchase({ amount: MAX - 10 }), purchase({ amount: 11 })];
    const nothing = refund('no-such-purchase');
    const last = purchase({ amount: 4 });
    const ofTooMuch = refund(tooMuch.id);
    for (const command of [fine, nothing, tooMuch, ofTooMuch, last]) {
      expect(await told(real, command)).toBe('parked unknown-account');
    }
    expect(await counts(real)).toMatchObject({ parked: 5 });
    const first = upsert();
    expect(await told(real, first)).toBe('applied');
    expect(await real.account('a')).toMatchObject({ monthly: 1_000_000, bonus: MAX - 6 });
    expect((await lines(real, 'dead')).map(({ id, reason, field }) => `${id} ${reason} ${field}`)).toEqual([
      `${nothing.id} invalid purchaseId`,
      `${tooMuch.id} invalid credits`,
      `${ofTooMuch.id} invalid purchaseId`,
    ]);
    expect(await counts(real)).toMatchObject({ parked: 0, dead: 3 });
    // As dead letters they do not use their ids up; sent again they are the same dead letters.
    expect(await told(real, nothing)).toBe('dead-letter invalid');
    expect(await counts(real)).toMatchObject({ dead: 3 });
    expect(await told(real, fine)).toBe('duplicate');
  });

  test.each(['reply lost', 'unavailable'] as const)(
    'a worker that ends right after a first upsert (%s) loses no dead letter of what it released',
    async (fault) => {
      const real = await openStage(redis);
      await real.events([{ event: event({ accountId: 'other' }), queuedAt: START_MS }]);
      const nothing = refund('no-such-purchase');
      await real.command(nothing, START_MS);
      const first = upsert();
      // The worker is killed before, at, or after each of its calls; then the job is taken again.
      for (const script of ['commitCommand', 'commitEvents'] as const) {
        const { options } = faulty(real.options, script, fault);
        const killed = {
          ...options,
          onRetry: () => {
            throw new Error('killed');
          },
        };
        await applyCommand(killed, { command: first, queuedAt: START_MS }).catch(() => undefined);
      }
      await real.command(first, START_MS);
      expect(await lines(real, 'dead')).toMatchObject([{ id: nothing.id, reason: 'invalid' }]);
      expect(await counts(real)).toMatchObject({ dead: 1, parked: 1 });
    },
  );

  test.each(['meta', 'outbox:rows', 'accounts', 'parked', 'account:a', 'commands:a', 'purchases:a'])(
    'a key of the wrong type (%s) fails before anything is written',
    async (name) => {
      const real = await openAccount();
      await real.command(purchase(), START_MS);
      const key = `${real.context.keys.tag}:ledger:${name}`;
      await redis.del(key);
      await redis.sadd(key, 'not what it was');
      const before = await dump(real);
      const queued = { command: purchase(), queuedAt: START_MS };
      await expect(commitCommand(real.context, queued, COMMAND_SETTINGS)).rejects.toThrow(PermanentError);
      expect(await dump(real)).toEqual(before);
    },
  );

  test.each(['parked:commands:a', 'parked', 'outbox:rows', 'commands:a'])(
    'a key of the wrong type (%s) fails before anything is parked or released',
    async (name) => {
      for (const command of [purchase(), upsert()]) {
        const real = await openStage(redis);
        const key = `${real.context.keys.tag}:ledger:${name}`;
        await redis.sadd(key, 'not what it was');
        const before = await dump(real);
        const commit = commitCommand(real.context, { command, queuedAt: START_MS }, COMMAND_SETTINGS);
        await expect(commit).rejects.toThrow();
        expect(await dump(real)).toEqual(before);
      }
    },
  );
});

test('what was parked and released stands in the outbox, each once', async () => {
  const real = await openStage(redis);
  const commands = [purchase(), serverLimit('srv')];
  const events = [event(), event(), event({ model: 'late' })];
  for (const command of commands) await real.command(command, START_MS);
  await outcomes(real, events);
  await real.command(upsert(), START_MS);
  const text = ({ kind, id }: Record<string, unknown>): string => `${kind} ${id}`;
  expect((await lines(real, 'parked')).map(text)).toEqual([
    ...commands.map(({ id }) => `command ${id}`),
    ...events.map(({ id }) => `event ${id}`),
  ]);
  expect((await lines(real, 'released')).map(text)).toEqual([
    ...commands.map(({ id }) => `command ${id}`),
    ...events.slice(0, 2).map(({ id }) => `event ${id}`),
  ]);
  expect(await counts(real)).toMatchObject({ parked: 1, accepted: 2 });
});
