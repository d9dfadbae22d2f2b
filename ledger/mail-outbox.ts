/**
 * The notifier's door to the mails that are not sent yet: which accounts have one that is due, the claim, the mark, the
 * conclusion. The scripts decide; every one that takes something compares the lease, the ledger and the claim first.
 * Invariant: from the mark on nobody else sends the mail until its claim is concluded or its notifier has lost the lease.
 */
import type { MailKind } from '../core/mail-kinds.ts';
import type { AccountProfile } from './account.ts';
import { intentIdOf } from './alerts.ts';
import { fenceArguments, type LedgerContext } from './context.ts';
import { ledgerClock } from './ledger-clock.ts';
import { redisError } from './scripts.ts';

/** A mail that this process has claimed. Times in ms. */
export interface ClaimedMail {
  readonly accountId: string;
  readonly number: string;
  readonly intentId: string;
  readonly kind: MailKind;
  /** Attempts that were made before. */
  readonly attempts: number;
  readonly decidedAt: number;
  /** The numbers it was decided with, as JSON. */
  readonly snapshot: string;
  /** Of now: addresses are never kept with a mail. */
  readonly profile: AccountProfile;
}

/** What became of a claimed mail. `retry` counts as an attempt, `release` does not; `waitMs` undefined: due as it was. */
export type MailOutcome =
  | { readonly outcome: 'sent' | 'failed' | 'suppressed'; readonly words: string }
  /** `waitMs`: until it is sent again; undefined: it is not. */
  | { readonly outcome: 'unknown'; readonly words: string; readonly waitMs: number | undefined }
  | { readonly outcome: 'retry'; readonly waitMs: number }
  | { readonly outcome: 'release'; readonly waitMs: number | undefined };

export interface Claimed {
  /** The ledger's. */
  readonly clock: number;
  readonly mails: readonly ClaimedMail[];
}

export interface MailOutbox {
  /** The ledger's clock, and the accounts with a mail due `ageMs` before it or earlier: the longest due first. */
  due(ageMs: number, accountsMax: number): Promise<{ readonly clock: number; readonly accountIds: readonly string[] }>;
  /** Claims what is due of these accounts, at most `mailsMax`; with `decidedBy` only mails decided by then. */
  claim(token: string, accountIds: readonly string[], mailsMax: number, decidedBy?: number): Promise<Claimed>;
  /** Looks at an account again no sooner than in `waitMs`; answers with the ledger's clock. */
  postpone(accountId: string, waitMs: number): Promise<number>;
  /** Notes that the mail is being sent; false when the claim is not ours any more. */
  mark(token: string, mail: ClaimedMail): Promise<boolean>;
  /** Writes down what became of it; false when the claim is not ours any more. */
  conclude(token: string, mail: ClaimedMail, outcome: MailOutcome): Promise<boolean>;
  /** Up to `accountsMax` of the accounts that somebody has claimed mails of. */
  claimedAccounts(accountsMax: number): Promise<string[]>;
  /**
   * Ends the claims of others on an account: what was not being sent yet waits again; of what was it is recorded as not
   * known, and it is sent again where `resends`. Returns how many mails that was.
   */
  resolve(token: string, accountId: string, words: string, resends: boolean): Promise<number>;
}

/** Fields of a mail in mail-claim's reply. */
const CLAIM_FIELDS = 10;

/** Its methods throw LeaseLostError, FenceError, PermanentError and TransientError. */
export function mailOutbox(context: LedgerContext): MailOutbox {
  const { redis, keys, run } = context;
  const conclude = async (
    token: string,
    accountId: string,
    [number, outcome, words, waitMs]: readonly [string, string, string, number],
  ): Promise<number> =>
    Number(
      await run(
        'mailConclude',
        [
          ...[keys.meta, keys.outboxRows, keys.accounts, keys.notifyLease, keys.mailsDue, keys.mailsClaimed],
          ...[keys.account(accountId), keys.outboxEvents],
        ],
        [...fenceArguments(context), token, accountId, number, outcome, JSON.stringify(words), String(waitMs)],
      ),
    );
  return {
    async due(ageMs, accountsMax) {
      const replies = await redis
        .pipeline()
        .hget(keys.meta, 'clock')
        .time()
        .zrange(keys.mailsDue, '0', String(accountsMax - 1), 'WITHSCORES')
        .exec();
      const [simulated, time, page] = (replies ?? []).map(([error, reply]) => {
        if (error !== null) throw redisError('a look at the mails', error);
        return reply;
      }) as [string | null, [string, string], string[]];
      const clock =
        simulated === null ? Number(time[0]) * 1_000 + Math.floor(Number(time[1]) / 1_000) : Number(simulated);
      const accountIds: string[] = [];
      for (let i = 0; i < page.length; i += 2) if (Number(page[i + 1]) <= clock - ageMs) accountIds.push(page[i]!);
      return { clock, accountIds };
    },
    async claim(token, accountIds, mailsMax, decidedBy) {
      const reply = (await run(
        'mailClaim',
        [keys.meta, keys.notifyLease, keys.mailsDue, keys.mailsClaimed, ...accountIds.map((id) => keys.account(id))],
        [
          ...fenceArguments(context),
          ...[token, String(mailsMax), decidedBy === undefined ? '' : String(decidedBy), ...accountIds],
        ],
      )) as string[];
      const [clock, ...rest] = reply;
      const mails = Array.from({ length: rest.length / CLAIM_FIELDS }, (_, i) =>
        claimedOf(rest.slice(i * CLAIM_FIELDS, (i + 1) * CLAIM_FIELDS)),
      );
      return { clock: Number(clock), mails };
    },
    async postpone(accountId, waitMs) {
      const clock = await ledgerClock(context);
      await redis.zadd(keys.mailsDue, 'XX', clock + waitMs, accountId);
      return clock;
    },
    async mark(token, { accountId, number }) {
      const marked = await run(
        'mailMark',
        [keys.meta, keys.notifyLease, keys.account(accountId), keys.mailsDue],
        [...fenceArguments(context), token, accountId, number],
      );
      return marked === 1;
    },
    async conclude(token, { accountId, number }, what) {
      const words = 'words' in what ? what.words : '';
      const waitMs = 'waitMs' in what ? (what.waitMs ?? -1) : 0;
      return (await conclude(token, accountId, [number, what.outcome, words, waitMs])) === 1;
    },
    async claimedAccounts(accountsMax) {
      const ids = await redis.srandmember(keys.mailsClaimed, accountsMax).catch((error: unknown) => {
        throw redisError('a look at the claimed mails', error);
      });
      return ids ?? [];
    },
    resolve: (token, accountId, words, resends) =>
      conclude(token, accountId, ['0', 'unknown', words, resends ? 0 : -1]),
  };
}

function claimedOf([accountId, number, kind, , attempts, decidedAt, , , snapshot, profile]: string[]): ClaimedMail {
  return {
    accountId: accountId!,
    number: number!,
    intentId: intentIdOf(accountId!, number!),
    kind: kind as MailKind,
    attempts: Number(attempts),
    decidedAt: Number(decidedAt),
    snapshot: snapshot!,
    profile: JSON.parse(profile!) as AccountProfile,
  };
}
