/** The demo: balanced, on engines of its own whatever the settings say, and it leaves nothing behind. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';
import { makeSample } from '../../cli/demo/sample.ts';
import { run } from './run.ts';

const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('flowly-demo-'));

test('the books of the demo balance', async () => {
  const before = folders();
  const elsewhere = {
    REDIS_URL: 'redis://127.0.0.1:1',
    CLICKHOUSE_URL: 'http://127.0.0.1:1',
    FLOWLY_DATA_DIR: '/dev/null/none',
  };
  const { code, stdout } = await run(['demo', '--json'], elsewhere);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({
    balanced: true,
    outcomes: { accepted: 3_000, parked: 0, deadLetters: 1 },
    reconcile: { accounts: 3, events: 3_000, drift: '0', mismatches: [] },
    differences: [],
  });
  expect(report.balances.map((one: { state: string }) => one.state)).toEqual(['ok', 'low', 'depleted']);
  expect(code).toBe(0);
  expect(folders()).toEqual(before);
});

test('its data are the same at any time, but for the times', () => {
  const [a, b] = [makeSample(Date.UTC(2026, 0, 5)), makeSample(Date.UTC(2027, 5, 30))];
  const timeless = (events: readonly { occurredAt: number }[]): object[] =>
    events.map((event) => ({ ...event, occurredAt: 0 }));
  expect(timeless(a.events)).toEqual(timeless(b.events));
  expect(new Set(a.events.map((event) => event.id)).size).toBe(3_000);
});
