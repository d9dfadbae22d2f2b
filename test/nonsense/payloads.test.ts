/**
 * Nonsense in every field of every payload: refused by the parser that workers and the client use, in one line that
 * names the field. The fields are those of the published JSON Schema files, so a new one is swept from its first day.
 */
import { describe, expect, test } from '@jest/globals';
import { parseUsageEvent } from '../../schema/event.ts';
import { COMMAND_SCHEMAS, parseCommand } from '../../schema/parse-command.ts';
import { compilePriceBook } from '../../schema/price-book.ts';
import { fieldsOf, type Path, passes, pathText, readSchema, type Schema, valueAt, withValue } from './schemas.ts';
import { expectActionable, NEVER_VALID, NONSENSE } from './values.ts';

type Answer = { readonly ok: true } | { readonly ok: false; readonly field: string; readonly reason: string };

interface Payload {
  readonly name: string;
  /** Valid, with every field. */
  readonly full: object;
  readonly parse: (payload: unknown) => Answer;
}

const AT = '2026-11-01T12:00:00Z';
const COMMAND = { id: 'c-1', accountId: 'acme', at: AT, silent: true };
const ALERTS = [
  { id: 'a', kind: 'absolute', credits: '5' },
  { id: 'a', kind: 'percent', percent: 12.5 },
  { id: 'a', kind: 'runway', days: 3 },
];

const COMMANDS: Readonly<Record<string, readonly object[]>> = {
  'account.upsert': [
    {
      ...{ email: 'owner@example.com', timeZone: 'Europe/Berlin', anchor: '2026-01-31T00:00:00' },
      ...{ plan: { id: 'pro', monthlyCredits: '2000' }, name: 'Ada', locale: 'de-DE', recipients: ['b@example.com'] },
      opening: { monthlyRemaining: '1', bonus: '2.5' },
    },
  ],
  'account.close': [{ reason: 'left' }],
  'credits.purchase': [
    { credits: '5', price: { amount: '9.99', currency: 'EUR' }, purchasedAt: AT, reference: 'invoice 1' },
  ],
  'credits.refund': [{ purchaseId: 'c-0', credits: '5' }],
  'alerts.set': ALERTS.map((alert) => ({ alerts: [alert] })),
  'server.limit': [{ serverId: 'web', dailyCredits: '5', warnAtPercent: 80 }],
  'usage.void': [{ eventId: 'e-1', reason: 'wrong' }],
};

const POOLS = { input: '3', output: '15', cacheRead: '0.3', cacheWrite: '3.75' };
const LABELS = { speed: 'Fast', creditUsage: 'Low', bestFor: 'Tests' };
const MODEL = { model: 'm', aliases: ['n'], creditsPer1000Tokens: POOLS, ...LABELS };

const PAYLOADS: readonly Payload[] = [
  {
    name: 'usage-event',
    full: {
      ...{ id: 'e-1', accountId: 'acme', serverId: 'web', model: 'm', occurredAt: AT, keySource: 'byok' },
      tokens: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 },
      attributes: { region: 'eu' },
    },
    parse: parseUsageEvent,
  },
  ...Object.entries(COMMANDS).flatMap(([name, some]) =>
    some.map((fields) => ({
      ...{ name, full: { ...COMMAND, ...fields } },
      parse: (payload: unknown): Answer => parseCommand(name, payload),
    })),
  ),
  {
    name: 'price-book',
    full: { $schema: './x.json', versions: [{ name: 'v1', effectiveFrom: AT, models: [MODEL] }] },
    parse(payload) {
      try {
        compilePriceBook(payload);
        return { ok: true };
      } catch (error) {
        const { field, message } = error as { field?: string; message: string };
        return { ok: false, field: field ?? '', reason: message };
      }
    },
  },
];

/** Every field that this payload has, with its schema; a schema's `type` field says the job's name again. */
const presentFields = ({ name, full }: Payload): [Path, Schema][] =>
  fieldsOf(readSchema(name)).filter(([path]) => valueAt(full, path) !== undefined);

test('every command is here, and every field of every schema is in some payload', () => {
  expect(Object.keys(COMMANDS).sort()).toEqual([...COMMAND_SCHEMAS.keys()].sort());
  for (const name of new Set(PAYLOADS.map((payload) => payload.name))) {
    const swept = PAYLOADS.filter((one) => one.name === name).flatMap((one) => presentFields(one));
    const has = new Set(swept.map(([path]) => pathText(path)));
    const missing = fieldsOf(readSchema(name))
      .map(([path]) => pathText(path))
      .filter((path) => !has.has(path));
    expect(missing.filter((path) => path !== 'type')).toEqual([]);
  }
});

describe.each(PAYLOADS.map((payload, i) => [`${payload.name} ${i}`, payload] as const))('%s', (_, payload) => {
  const { name, full, parse } = payload;
  const schema = readSchema(name);
  const fields = presentFields(payload);

  test('is valid as it stands', () => {
    expect(parse(full)).toMatchObject({ ok: true });
    expect(passes(full, schema)).toBe(true);
  });

  test.each(NONSENSE)('%s in every field', (_what, value) => {
    const isNever = NEVER_VALID.some(([, never]) => Object.is(never, value));
    for (const [path] of fields) {
      const spoilt = withValue(full, path, value);
      const answer = parse(spoilt);
      const where = pathText(path);
      if (answer.ok) {
        // Both say that it is sense there.
        expect([where, isNever, passes(spoilt, schema)]).toEqual([where, false, true]);
        continue;
      }
      expect(answer.field.startsWith(where) ? where : answer.field).toBe(where);
      expectActionable(answer.reason, where);
    }
  });

  test('every field left out: either it may be, or the line says that it is missing', () => {
    for (const [path] of fields) {
      const answer = parse(withValue(full, path, undefined));
      if (answer.ok) continue;
      expect(answer.field).toBe(pathText(path));
      expectActionable(answer.reason, pathText(path));
    }
  });

  test('a field that nobody knows, in every object', () => {
    const objects = [[], ...fields.map(([path]) => path)].filter((path) => {
      const value = valueAt(full, path);
      return typeof value === 'object' && !Array.isArray(value) && path.at(-1) !== 'attributes';
    });
    for (const path of objects) {
      for (const unknown of ['extra', '__proto__', 'constructor', 'a\nb', 'y'.repeat(10_000), '\ud800']) {
        const answer = parse(withValue(full, [...path, unknown], 1));
        expect(answer.ok).toBe(false);
        if (!answer.ok) expectActionable(answer.reason, pathText(path));
      }
    }
  });

  test.each(NONSENSE)('%s in place of the whole', (_what, value) => {
    const answer = parse(value);
    expect(answer.ok).toBe(false);
    if (!answer.ok) expectActionable(answer.reason, '');
  });
});
