/** The demo's own check: every difference between what came out and what the plain rules say, a sentence each. Pure. */
import { formatCredits } from '../../core/money.ts';
import type { UsageRow } from '../usage/rows.ts';
import type { ExpectedUsage, Moment } from './expected.ts';

export function differingMoments(act: string, expected: Moment, found: Moment): string[] {
  const differ: string[] = [];
  compare(`${act}:`, expected, found, differ);
  return differ;
}

/** `rows` are by server and model. */
export function differingUsage(expected: ExpectedUsage, rows: readonly UsageRow[]): string[] {
  const credits = (cost: bigint, events: number): object => ({ credits: formatCredits(cost), events });
  const differ: string[] = [];
  const wanted = [...expected].map(([key, { cost, events }]) => [key, credits(cost, events)]);
  const got = rows.map((row) => [`${row.serverId} ${row.model}`, { credits: row.credits, events: Number(row.events) }]);
  compare('usage:', Object.fromEntries(wanted), Object.fromEntries(got), differ);
  return differ;
}

function compare(path: string, expected: unknown, found: unknown, differ: string[]): void {
  if (isRecord(expected) && isRecord(found)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(found)])) {
      compare(`${path} ${key}`, expected[key], found[key], differ);
    }
  } else if (expected !== found) {
    differ.push(`${path} is ${shown(found)}, but must be ${shown(expected)}.`);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const shown = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value));
