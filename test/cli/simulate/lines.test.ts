/** Lines of a script: what each is, which are refused and in what words, and where the clock stands when they happen. */
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EXIT_USAGE, exitCodeOf } from '../../../cli/errors.ts';
import { JOB_NAMES } from '../../../cli/simulate/jobs.ts';
import { readScript } from '../../../cli/simulate/script.ts';
import { ScriptError, type Step, stepOf } from '../../../cli/simulate/steps.ts';
import { expectActionable } from '../../nonsense/values.ts';

const PRESENT = Date.parse('2026-11-22T12:00:00Z');

async function stepsOf(lines: readonly (object | string)[]): Promise<Step[]> {
  const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
  const steps: Step[] = [];
  for await (const some of readScript(Readable.from([Buffer.from(text)]), PRESENT)) steps.push(...some);
  return steps;
}

const at = (line: number, text: string) => stepOf({ number: line, bytes: text.length, text });

describe('what a line is', () => {
  test.each<[object, object]>([
    [
      { id: 'e', accountId: 'a' },
      { kind: 'event', event: { id: 'e', accountId: 'a' } },
    ],
    [{}, { kind: 'event', event: {} }],
    [
      { type: 'no.such', id: 1 },
      { kind: 'command', name: 'no.such', data: { id: 1 } },
    ],
    [{ now: '2026-01-31T00:00:00+01:00' }, { kind: 'now', ms: Date.parse('2026-01-30T23:00:00Z') }],
    [{ now: 0 }, { kind: 'now', ms: 0 }],
    [{ job: 'reconcile' }, { kind: 'job', name: 'reconcile' }],
    [
      { read: 'balance', account: 'a' },
      { kind: 'read', read: { name: 'balance', with: { account: 'a' } } },
    ],
    [
      { read: 'usage', by: ['server', 'cycle'], from: '2026-01-31', to: 5 },
      {
        kind: 'read',
        read: { name: 'usage', with: { by: ['server', 'cycle'], from: { date: '2026-01-31' }, to: { ms: 5 } } },
      },
    ],
    [
      { read: 'usage', by: 'none' },
      { kind: 'read', read: { name: 'usage', with: { by: [] } } },
    ],
    [
      { read: 'usage', by: [] },
      { kind: 'read', read: { name: 'usage', with: { by: [] } } },
    ],
    [{ read: 'usage' }, { kind: 'read', read: { name: 'usage', with: { by: ['account', 'server', 'model'] } } }],
  ])('%j', (line, step) => {
    expect(at(7, JSON.stringify(line))).toMatchObject({ line: 7, ...step });
  });
});

describe('refused', () => {
  const ID = 'a text of 1 to 128 of A–Z a–z 0–9 . _ : @ / + -';
  const READS = '"balance", "ledger", "gate", "usage", "explain", "alerts", "mails", "platform-events"';
  test.each<[object | string, string]>([
    ['{"now":', 'the line is not JSON (it ends too early); accepted is one JSON object a line.'],
    ['[]', 'the line is a list, but must be a JSON object.'],
    [{ type: '' }, 'the line has a type that is an empty text, but must be the name of an account command.'],
    [
      { now: 'tomorrow' },
      'now is the text "tomorrow", but must be an ISO 8601 time with an offset such as "2026-01-31T12:00:00Z", or integer epoch milliseconds, from 1970 to 2199.',
    ],
    [{ now: 1, at: 2 }, 'at is not a known field; accepted are now.'],
    [
      { job: 'tidy' },
      `job is the text "tidy", but must be one of ${JOB_NAMES.map((name) => JSON.stringify(name)).join(', ')}.`,
    ],
    [{ job: 'reconcile', account: 'a' }, 'account is not a known field; accepted are job.'],
    [{ read: 'balances' }, `read is the text "balances", but must be one of ${READS}.`],
    [{ read: 'constructor' }, `read is the text "constructor", but must be one of ${READS}.`],
    [{ read: null }, `read is null, but must be one of ${READS}.`],
    ...['alerts', 'mails', 'platform-events'].flatMap((read): [object, string][] => [
      [{ read }, `account is missing, but must be ${ID}.`],
      [{ read, account: 'a', limit: 0 }, 'limit is 0, but must be an integer from 1 to 10000.'],
      [{ read, account: 'a', all: true }, 'all is not a known field; accepted are account and limit.'],
    ]),
    [{ read: 'explain', account: 'a' }, 'event is missing, but must be an event id (or give "mail").'],
    [
      { read: 'explain', account: 'a', event: 'e', mail: 'a:mail:1' },
      'event is given beside mail, but must be one or the other.',
    ],
    [
      { read: 'explain', account: 'a', mail: 'a' },
      'mail is the text "a", but must be a mail’s id such as "acct-42:mail:7".',
    ],
    [{ read: 'balance' }, 'account is missing, but must be an account id (or give "all": true).'],
    [{ read: 'balance', account: 'a', all: true }, 'account is given beside all, but must be one or the other.'],
    [{ read: 'ledger' }, `account is missing, but must be ${ID}.`],
    [{ read: 'ledger', account: 'a', cycle: '1' }, 'cycle is the text "1", but must be an integer from 0 to 1000000.'],
    [
      { read: 'ledger', account: 'a', verify: true, cycle: 1 },
      'verify checks the whole ledger, and takes no parameter that chooses a part of it.',
    ],
    [{ read: 'gate', account: 'a' }, `server is missing, but must be ${ID}.`],
    [
      { read: 'gate', account: 'a', server: 's', keysource: 'byok' },
      'keysource is not a known field; accepted are account, server, keySource and model.',
    ],
    [
      { read: 'gate', account: 'a', server: 's', keySource: 'own' },
      'keySource is the text "own", but must be one of "platform", "byok".',
    ],
    [{ read: 'explain', account: 'a', event: 'b c' }, `event is the text "b c", but must be ${ID}.`],
    [{ read: 'usage', bucket: 'week' }, 'bucket is the text "week", but must be one of "hour", "day", "month".'],
    [
      { read: 'usage', by: 'colour' },
      'by is the text "colour", but must be "none", or some of account,server,model,keySource,cycle, each once, as a list or a text with commas.',
    ],
    [
      { read: 'usage', timeZone: 'Mars/Olympus' },
      'timeZone is the text "Mars/Olympus", but must be an IANA time zone name such as "Europe/Berlin".',
    ],
    [
      { read: 'usage', from: '2026-02-30' },
      'from is the text "2026-02-30", but must be a date such as "2026-11-01", an ISO 8601 time with an offset such as "2026-11-01T12:00:00Z", or epoch milliseconds.',
    ],
    [{ read: 'balance', account: 'a', now: 1 }, 'the line has now and read, but must have one of them at most.'],
    [{ type: 'account.close', job: 'reconcile' }, 'the line has type and job, but must have one of them at most.'],
  ])('%j', (line, words) => {
    const text = typeof line === 'string' ? line : JSON.stringify(line);
    expect(() => at(12, text)).toThrow(new ScriptError(12, words));
  });

  test('means bad usage', () => expect(exitCodeOf(new ScriptError(1, 'x'))).toBe(EXIT_USAGE));

  test('whatever the values, in one line that names the line', () => {
    const word = fc.constantFrom('now', 'job', 'read', 'type');
    const name = fc.oneof(
      fc.constantFrom('balance', 'ledger', 'gate', 'usage', 'explain', 'alerts', 'platform-events'),
      fc.jsonValue(),
      fc.string({ unit: 'binary' }),
    );
    const keys = fc.oneof(
      fc.constantFrom('account', 'server', 'by', 'from', 'bucket', 'event', '__proto__'),
      fc.string(),
    );
    fc.assert(
      fc.property(word, name, fc.dictionary(keys, fc.jsonValue(), { maxKeys: 3 }), (is, value, others) => {
        try {
          at(3, JSON.stringify({ ...others, [is]: value }));
        } catch (error) {
          if (!(error instanceof ScriptError)) throw error;
          expectActionable(error.message, 'line 3');
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the clock', () => {
  const midnight = (day: number) => Date.parse(`2026-02-0${day}T00:00:00Z`);
  const upsert = { type: 'account.upsert', id: 'u' };
  const brief = (steps: readonly Step[]) => steps.map((step) => (step.kind === 'now' ? step.ms : step.kind));

  test.each<[string, object[], unknown[]]>([
    ['starts at the first now', [{ now: midnight(2) }, upsert], [midnight(2), midnight(2), 'command']],
    ['lines before it happen then', [upsert, { now: midnight(2) }], [midnight(2), 'command', midnight(2)]],
    [
      'or at the latest time they name',
      [upsert, { occurredAt: midnight(1) - 5 }, { type: 'x', at: '2026-02-01T00:00:00Z' }, { now: midnight(3) }],
      [midnight(1), 'command', 'event', 'command', midnight(3)],
    ],
    [
      'but not later than it',
      [{ occurredAt: midnight(5) }, { occurredAt: midnight(1) }, { now: midnight(3) }],
      [midnight(1), 'event', 'event', midnight(3)],
    ],
    [
      'what names no time that is one does not count',
      [{ occurredAt: 'soon' }, { occurredAt: -1 }, { occurredAt: null }, { now: midnight(3) }],
      [midnight(3), 'event', 'event', 'event', midnight(3)],
    ],
    ['a read before any now: at the present', [upsert, { read: 'balance', all: true }], [PRESENT, 'command', 'read']],
    [
      'or at the latest time they name before it',
      [{ occurredAt: midnight(1) }, { occurredAt: PRESENT + 1 }, { job: 'reconcile' }],
      [midnight(1), 'event', 'event', 'job'],
    ],
    ['without a read: at the end', [upsert], [PRESENT, 'command']],
    ['an empty script', [], [PRESENT]],
    ['may stand still', [{ now: midnight(2) }, { now: midnight(2) }], [midnight(2), midnight(2), midnight(2)]],
  ])('%s', async (_what, lines, expected) => {
    expect(brief(await stepsOf(lines))).toEqual(expected);
  });

  test('never goes back', async () => {
    await expect(stepsOf([{ now: midnight(2) }, upsert, { now: midnight(2) - 1 }])).rejects.toThrow(
      'line 3: now is 2026-02-01T23:59:59.999Z, but the clock stands at 2026-02-02T00:00:00.000Z and only moves forward.',
    );
    await expect(stepsOf([{ read: 'balance', all: true }, { now: midnight(2) }])).rejects.toThrow(
      'line 2: now is 2026-02-02T00:00:00.000Z, but the clock stands at 2026-11-22T12:00:00.000Z',
    );
  });

  test('what stands before a wrong line is told first; blank lines count', async () => {
    const told: Step[] = [];
    const play = async () => {
      const input = Readable.from([Buffer.from(`{"now":${midnight(2)}}\n\n{"id":"e"}\nnonsense\n`)]);
      for await (const some of readScript(input, PRESENT)) told.push(...some);
    };
    await expect(play()).rejects.toThrow('line 4: the line is not JSON');
    expect(brief(told)).toEqual([midnight(2), midnight(2), 'event']);
  });
});
