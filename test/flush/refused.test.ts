/**
 * Rows that ClickHouse refuses for their content: exactly those become dead letters `unflushable`, with ClickHouse's
 * words; the rows beside them arrive; and a refusal that is not about a row sets nothing aside.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { FlushPoint } from '../../workers/flush/deliver.ts';
import { grantLine, usageBody } from '../support/outbox.ts';
import { until } from '../support/until.ts';
import { expectExact, fullCommit, MONTH_END, newWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await newWorld();
});

const AT = MONTH_END;
const good = (id: string): Buffer => usageBody({ id, occurredAt: AT });
/** The number of attributes says three, and none follows: the row eats into the next one. */
const poison = (id: string): Buffer => {
  const body = good(id);
  const bytes = Buffer.from(body);
  // After three length-prefixed ids, the model, one byte, 8 and 4 × 4 bytes.
  bytes[1 + id.length + 6 + 6 + 17 + 25] = 3;
  return bytes;
};

type Letter = Record<'account_id' | 'id' | 'kind' | 'field' | 'detail' | 'body' | 'sequence', string>;
const letters = (): Promise<Letter[]> =>
  world.query<Letter>(
    `SELECT account_id, id, kind, field, detail, body, toString(sequence) AS sequence FROM dead_letters
     WHERE reason = 'unflushable' ORDER BY dead_letters.sequence, body`,
  );

describe('a poison usage row', () => {
  test.each([
    ['alone in its block', [['bad-1']]],
    ['first', [['bad-1', 'a', 'b'], ['c']]],
    [
      'last',
      [
        ['a', 'b'],
        ['c', 'bad-1'],
      ],
    ],
    ['between, twice', [['a', 'bad-1', 'b'], ['c'], ['d', 'bad-2']]],
    ['next to another', [['a', 'bad-1', 'bad-2', 'b']]],
    ['and nothing else', [['bad-1', 'bad-2'], ['bad-3']]],
  ])('%s', async (_, commits) => {
    for (const ids of commits) {
      await world.append({
        at: AT,
        bodies: ids.map((id) => (id.startsWith('bad') ? poison(id) : good(id))),
        entries: [grantLine('acc-1', 1)],
      });
      // What expectExact compares with.
      const last = world.commits.at(-1)!;
      last.commit = { ...last.commit, usage: ids.map((id) => ({ id, occurredAt: AT })) };
    }
    await world.flushAll();
    const bad = commits.flat().filter((id) => id.startsWith('bad'));
    await expectExact(world, new Set(bad));
    const found = await letters();
    expect(found.map(({ body }) => Buffer.from(JSON.parse(body).base64, 'base64').includes(`bad-`))).toEqual(
      bad.map(() => true),
    );
    for (const letter of found) {
      expect(letter).toMatchObject({ kind: 'event', field: 'usage' });
      expect(letter.detail).toMatch(/^ClickHouse refused the row \([A-Z_]+\): .*Cannot read all data/);
    }
    expect(
      new Set((await world.query<{ key: string }>('SELECT key FROM dead_letters')).map(({ key }) => key)).size,
    ).toBe(bad.length);
  });

  test.each(['inserted:usage', 'inserted:dead_letters', 'inserted:flushed_blocks'] as FlushPoint[])(
    'halted at %s: the next flusher knows which rows were refused',
    async (point) => {
      await world.append({ at: AT, bodies: [good('a'), poison('bad-1'), good('b')] });
      world.commits[0]!.commit = { at: AT, usage: ['a', 'bad-1', 'b'].map((id) => ({ id, occurredAt: AT })) };
      let halted = false;
      const flusher = world.flusher({
        signals: (at) => {
          if (at !== point || halted) return;
          halted = true;
          throw new Error('halted by the test');
        },
      });
      flusher.start();
      await expect(flusher.done).rejects.toMatchObject({ code: 'flush-halted' });
      await world.flushAll();
      await expectExact(world, new Set(['bad-1']));
      expect(await letters()).toHaveLength(1);
      expect(world.lines.filter(({ event }) => event === 'flush-rows-refused')).toHaveLength(1);
    },
  );
});

describe('poison lines', () => {
  const brokenAmount = grantLine('acc-9', 3).replace('1000', 'ten');
  test('of every table become dead letters, and what is beside them arrives', async () => {
    await world.append(fullCommit(0));
    const lines = fullCommit(1);
    await world.append(lines);
    // Straight into the stream: no builder makes these.
    await world.redis.xadd(
      world.keys.outboxRows,
      '3-0',
      ...['at', String(AT), 'entries', `${grantLine('acc-9', 1)}\n${brokenAmount}\n\n${grantLine('acc-9', 2)}`],
      ...[
        'history',
        '{"accountId":"acc-9","commandId":"x","at":"no time"}',
        'contacts',
        '{"accountId":"acc-9","email":"secret@example.com","recipients":{"a":1}}',
      ],
      ...['alerts', '{"accountId":"acc-9","number":"half"}', 'mails', '{"accountId":"acc-9","attempts":-1}'],
      ...['dead', '{broken', 'parked', '"a text"', 'released', '[1', 'redriven', '[]x'],
    );
    world.commits.push({ sequence: 3, commit: { at: AT, entries: [grantLine('acc-9', 1), grantLine('acc-9', 2)] } });
    await world.flushAll();
    await expectExact(world);
    const found = await letters();
    expect(found.map(({ field, sequence }) => `${sequence} ${field}`).sort()).toEqual(
      [
        'account_contacts',
        'account_history',
        'alert_history',
        'dead_letters',
        'ledger_entries',
        'ledger_entries',
        'mail_history',
        'parked_events',
        'redriven_letters',
        'released_events',
      ].map((t) => `3 ${t}`),
    );
    expect(found.find(({ body }) => body.includes('ten'))).toMatchObject({ account_id: 'acc-9', kind: 'command' });
    expect(JSON.stringify(found)).not.toContain('secret');
    expect(JSON.stringify(world.lines)).not.toContain('secret');
  });
});

describe('a refusal that is about no row', () => {
  test('a table that is not what the program expects is waited for, and no row is set aside', async () => {
    await world.append(fullCommit(0));
    await world.client.command({ query: 'ALTER TABLE ledger_entries RENAME COLUMN note TO remark' });
    const flusher = world.flusher();
    flusher.start();
    await until('the flush to fail', () => world.lines.some(({ event }) => event === 'flush-failing'));
    await world.client.command({ query: 'ALTER TABLE ledger_entries RENAME COLUMN remark TO note' });
    await flusher.flushed();
    await flusher.stop();
    await expectExact(world);
    expect(await letters()).toEqual([]);
  });

  test('more refused rows than can be chance stop the flush', async () => {
    await world.append({
      at: AT,
      entries: Array.from({ length: 300 }, (_, i) => grantLine('a', i).replace('1000', 'ten')),
    });
    const flusher = world.flusher();
    flusher.start();
    await expect(flusher.done).rejects.toMatchObject({ code: 'too-many-refused' });
    expect(await world.redis.xlen(world.keys.outboxRows)).toBe(1);
  });
});
