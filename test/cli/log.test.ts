/** The log: one JSON line each, errors without what hangs on them. */
import { describe, expect, test } from '@jest/globals';
import { TransientError } from '../../core/errors.ts';
import { createLog } from '../../runtime/log.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void, debug = false): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLog({ level: 'info', debug, destination: { write: (line) => void lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log', () => {
  test('level by name, time in ISO, nothing below the level', () => {
    const [line, ...more] = logged((log) => {
      log.debug({ event: 'hidden' }, 'hidden');
      log.info({ event: 'flushed', rows: 3 }, 'a block was flushed');
    });
    expect(more).toEqual([]);
    expect(line).toMatchObject({
      level: 'info',
      event: 'flushed',
      rows: 3,
      msg: 'a block was flushed',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  test('an error keeps its name, code and words; not a failed command’s arguments, not its stack', () => {
    const reply = Object.assign(new Error(`ERR ${'x'.repeat(1_000)}`), { code: 'ERR', command: { args: ['secret'] } });
    const [line] = logged((log) =>
      log.error({ event: 'failed', err: new TransientError('away', 'Redis is away.', { cause: reply }) }, 'it failed'),
    );
    expect(line!.err).toEqual({
      name: 'TransientError',
      code: 'away',
      message: 'Redis is away.',
      cause: { name: 'Error', code: 'ERR', message: expect.stringMatching(/^ERR x{296}$/) },
    });
    expect(JSON.stringify(line)).not.toContain('secret');
  });

  test('the stack when it was asked for; no endless chain of causes', () => {
    const looped = new Error('looped');
    looped.cause = looped;
    const [line] = logged((log) => log.error({ err: looped }, 'it failed'), true);
    expect(line!.err).toMatchObject({
      stack: expect.stringContaining('at '),
      cause: { cause: { cause: { message: 'looped' } } },
    });
  });
});
