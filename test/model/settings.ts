/**
 * `alerts.set` and `server.limit`: what an account wants watched. Both carry the time they were decided; one older than
 * the last applied of its kind (of its server, for a limit) is stale. The same time is not older.
 */
import type { AlertsSet, ServerLimit } from '../../core/types.ts';
import { replaceAlerts } from './alerts.ts';
import type { Verdict } from './commands.ts';
import type { Commit } from './commit.ts';
import type { Account, At, Server } from './state.ts';

export const setAlerts = (account: Account, { at: decided, alerts }: AlertsSet, at: At, commit: Commit): Verdict => {
  const decidedAt = decided ?? at.queuedAt;
  if (decidedAt < account.lastAlertsAt) return { outcome: 'stale' };
  account.lastAlertsAt = decidedAt;
  replaceAlerts(account, alerts, commit);
  return { outcome: 'applied' };
};

/** Servers of one account that may have a limit. */
const LIMITS_MAX = 1_000;

/** A field left out keeps its value; null lifts it. What it means for today is decided right after. */
export const setLimit = (account: Account, command: ServerLimit, at: At): Verdict => {
  const decidedAt = command.at ?? at.queuedAt;
  const server: Server = account.servers.get(command.serverId) ?? {
    ...{ dailyCredits: undefined, warnAtPercent: undefined, limited: false, warned: false },
    lastAt: Number.NEGATIVE_INFINITY,
  };
  if (decidedAt < server.lastAt) return { outcome: 'stale' };
  const others = [...account.servers.values()].filter((one) => one !== server && one.dailyCredits !== undefined);
  if (typeof command.dailyCredits === 'bigint' && server.dailyCredits === undefined && others.length >= LIMITS_MAX) {
    return { outcome: 'refused', reason: 'invalid', field: 'dailyCredits' };
  }
  server.lastAt = decidedAt;
  if (command.dailyCredits !== undefined) server.dailyCredits = command.dailyCredits ?? undefined;
  if (command.warnAtPercent !== undefined) server.warnAtPercent = command.warnAtPercent ?? undefined;
  account.servers.set(command.serverId, server);
  return { outcome: 'applied' };
};
