/**
 * One atomic step: one clock, and what it has to tell at its end. Crossings of one account in one commit make one mail
 * (rule 9), so they are gathered while the commit goes on and turned into mails when it is settled.
 */
import { bySeverity } from '../../core/thresholds.ts';
import type { Account, AlertRecord, Crossing, Mail } from './state.ts';

export type Commit = { readonly clock: number; readonly fired: Map<Account, Map<AlertRecord, Crossing>> };

export const openCommit = (clock: number): Commit => ({ clock, fired: new Map() });

/** What made the balance move: shown with each crossing. */
export type Cause = { readonly by: Crossing['by']; readonly ref: string; readonly silent: boolean };

/** Ends a commit: for each account at most one alert mail, which supersedes any that is still unsent. */
export const settle = (commit: Commit): void => {
  for (const [account, fired] of commit.fired) {
    const loud = [...fired.values()].filter((crossing) => !crossing.silent).sort(bySeverity);
    const [worst, ...others] = loud;
    if (worst === undefined || account.closed) continue;
    supersede(account, (mail) => mail.kind === 'alert');
    addMail(account, { at: commit.clock, kind: 'alert', crossing: worst, others, serverId: undefined });
  }
};

/** Marks the unsent mails of an account that a condition names. */
export const supersede = (account: Account, which: (mail: Mail) => boolean): void => {
  for (const mail of account.mails) if (mail.status === 'unsent' && which(mail)) mail.status = 'superseded';
};

/** A mail of a kind of which only the newest says something. */
export const replaceMail = (account: Account, kind: Mail['kind'], clock: number): void => {
  supersede(account, (mail) => mail.kind === kind);
  addMail(account, { at: clock, kind, crossing: undefined, others: [], serverId: undefined });
};

export const addMail = (account: Account, mail: Omit<Mail, 'id' | 'status'>): void => {
  account.mails.push({ ...mail, id: account.mails.length + 1, status: 'unsent' });
};
