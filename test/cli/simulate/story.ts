/** Lines of short scripts: times of 2026, an account with 10 credits a month in UTC, calls of whole credits. */
import type { Ran } from '../run.ts';

export const T = (time: string): string => `2026-${time}Z`;
export const account = (id: string, more: object = {}) => ({
  ...{ type: 'account.upsert', id: `${id}-up`, accountId: id, email: 'owner@example.com', timeZone: 'UTC' },
  ...{ anchor: '2026-01-01T00:00:00', plan: { id: 'p', monthlyCredits: '10' } },
  ...more,
});
export const used = (id: string, accountId: string, occurredAt: string, credits = 1, more: object = {}) => ({
  ...{ id, accountId, serverId: 's', model: 'claude-haiku-4.5', occurredAt, tokens: { input: credits * 1_000 } },
  ...more,
});

/** What was printed, a value a line. */
export const answers = ({ stdout }: Pick<Ran, 'stdout'>) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text));
