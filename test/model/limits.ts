/**
 * Daily limits (rule 8): what a server's events of the account's local day have cost, and whether that limits it.
 * Decided anew after every step, so reaching, raising, lifting, a void and a midnight all go the same way.
 *
 * Decided here because the contract is silent: a warning follows its share both ways, as the limit does, so a void or
 * a midnight arms it again; reaching warning and limit in one step makes one mail, of the limit; the unsent mails of a
 * server are taken back when it is released or falls below its warning.
 */
import { limitState } from '../../core/daily-limits.ts';
import { localDayAt } from '../../core/local-days.ts';
import { addMail, type Commit, supersede } from './commit.ts';
import { tell } from './platform.ts';
import type { Account, Server } from './state.ts';

/** What the server's events of one local day cost, covered or not; voided ones count no more. */
export const spentOn = (account: Account, serverId: string, day: number): bigint =>
  account.charges
    .filter((charge) => charge.event.serverId === serverId && charge.localDay === day && !charge.voided)
    .reduce((total, charge) => total + charge.cost, 0n);

/** Decides every server that has, or had, a limit. */
export const reviewLimits = (account: Account, commit: Commit, silent: boolean): void => {
  const today = localDayAt(account.schedule, commit.clock);
  // All are decided before any is told of, in the order of their ids: each says how all of them stand.
  const servers = [...account.servers].sort(([a], [b]) => (a < b ? -1 : 1));
  const before = servers.map(([, { limited, warned }]) => ({ limited, warned }));
  for (const [serverId, server] of servers)
    Object.assign(server, limitState(server, spentOn(account, serverId, today)));
  for (const [i, [serverId, server]] of servers.entries()) {
    tellServer(account, commit, { serverId, before: before[i]!, now: server, silent });
  }
};

type Standing = Pick<Server, 'limited' | 'warned'>;

const tellServer = (
  account: Account,
  commit: Commit,
  { serverId, before, now, silent }: { serverId: string; before: Standing; now: Standing; silent: boolean },
): void => {
  const quiet = silent || account.closed;
  const mail = (kind: 'limit-warning' | 'limit-reached') => {
    if (!quiet) addMail(account, { at: commit.clock, kind, crossing: undefined, others: [], serverId });
  };
  if (before.warned && !now.warned) supersede(account, (m) => m.kind === 'limit-warning' && m.serverId === serverId);
  if (!before.limited && now.limited) {
    tell(account, commit.clock, 'server.limited', serverId);
    supersede(account, (m) => m.kind === 'limit-warning' && m.serverId === serverId);
    mail('limit-reached');
    return;
  }
  if (before.limited && !now.limited) {
    tell(account, commit.clock, 'server.released', serverId);
    supersede(account, (m) => m.kind === 'limit-reached' && m.serverId === serverId);
  }
  if (!before.warned && now.warned) mail('limit-warning');
};
