/**
 * The mails of one term of the lease: what dead notifiers left is resolved, then page after page is claimed and sent, a
 * bounded number at a time. While mail is switched off, or the mail server cannot be used, mails wait, and those that
 * have waited for a day are recorded as failed.
 */
import { PermanentError } from '../../core/errors.ts';
import type { Claimed, ClaimedMail, MailOutcome } from '../../ledger/mail-outbox.ts';
import { FenceError } from '../../ledger/scripts.ts';
import { askOf, type Breakdowns } from './breakdown.ts';
import { CLAIM_MAILS_MIN, MAILS_UNDER_WAY_MAX, RESOLVE_PAGE, UNREADABLE_MS } from './limits.ts';
import { GIVE_UP_MS } from './retry.ts';
import { NOT_SENT, type SendOptions, sendMail, type Term, tell, unusableFor } from './send-mail.ts';
import { readSnapshot } from './snapshot.ts';
import type { Stirring } from './stirring.ts';

export interface MailsOptions extends Omit<SendOptions, 'sending'> {
  /** Undefined: mail is switched off. */
  readonly sending: SendOptions['sending'] | undefined;
  readonly breakdowns: Breakdowns;
  readonly stirring: Stirring;
}

const LEFT = 'the process that was sending it ended before the answer of the mail server';

/** Resolves when `term.until` has aborted and nothing is under way any more; rejects with what ends the term. */
export async function sendMails(options: MailsOptions, term: Term): Promise<void> {
  const { outbox, sending, trouble, limits, stirring } = options;
  const underWay = new Set<Promise<void>>();
  const failure = new AbortController();
  const until = AbortSignal.any([term.until, failure.signal]);

  const send = (mails: readonly ClaimedMail[], clock: number): void => {
    const used = breakdownsOf(options.breakdowns, mails);
    for (const [i, mail] of mails.entries()) {
      const job = { mail, clock, used: used.then((all) => all[i]) };
      const running = sendMail({ ...options, sending: sending! }, { ...term, until }, job)
        .catch((error: unknown) => failure.abort(error))
        .finally(() => {
          underWay.delete(running);
          stirring.stir();
        });
      underWay.add(running);
    }
  };

  /** Takes up to `room` mails; false when none is due. */
  const claim = async (room: number): Promise<boolean> => {
    const { accountIds } = await outbox.due(0, room);
    if (accountIds.length === 0) return false;
    const { mails, clock } = await claimReadable(options, term.token, accountIds, room);
    if (mails.length === 0) return false;
    await options.passed('claimed');
    send(mails, clock);
    return true;
  };

  const room = (): number => {
    if (sending === undefined || trouble.pauseMs > 0) return 0;
    if (trouble.isOn) return underWay.size === 0 ? 1 : 0; // one of them tries the server
    const free = MAILS_UNDER_WAY_MAX - underWay.size;
    return free < CLAIM_MAILS_MIN ? 0 : free;
  };

  try {
    await resolveLeft(options, term);
    while (!until.aborted) {
      if (sending === undefined || trouble.isOn) await failOld(options, term);
      const free = room();
      if (free === 0 || !(await claim(free))) await stirring.sleep(limits.lookMsMin, limits.pollMs, until);
    }
  } catch (error) {
    if (!until.aborted) failure.abort(error);
  }
  await Promise.all(underWay);
  if (failure.signal.aborted) throw failure.signal.reason;
}

/** Whether an error is that of one account: it must hold up no other. */
const isOfAccount = (error: unknown): boolean => error instanceof PermanentError && !(error instanceof FenceError);

/** Claims what is due of these accounts. One that cannot be read is left for an hour, and the others are claimed. */
async function claimReadable(
  options: Pick<MailsOptions, 'outbox' | 'log'>,
  token: string,
  accountIds: readonly string[],
  mailsMax: number,
): Promise<Claimed> {
  try {
    return await options.outbox.claim(token, accountIds, mailsMax);
  } catch (error) {
    if (!isOfAccount(error)) throw error;
    const [id] = accountIds;
    if (accountIds.length === 1) {
      options.log.error(
        { event: 'mails-unreadable', account: id, err: error },
        'the mails of an account cannot be read',
      );
      return { mails: [], clock: await options.outbox.postpone(id!, UNREADABLE_MS) };
    }
    const all: Claimed[] = [];
    for (const one of accountIds) all.push(await claimReadable(options, token, [one], mailsMax));
    return { clock: all.at(-1)!.clock, mails: all.flatMap(({ mails }) => mails) };
  }
}

/** Claims of notifiers that are gone: whoever holds the lease is the only one. */
async function resolveLeft({ outbox, resendsUnknown, log }: MailsOptions, { token, until }: Term): Promise<void> {
  let mails = 0;
  const unreadable = new Set<string>();
  while (!until.aborted) {
    const claimed = await outbox.claimedAccounts(RESOLVE_PAGE + unreadable.size);
    const accountIds = claimed.filter((id) => !unreadable.has(id));
    if (accountIds.length === 0) break;
    for (const id of accountIds) {
      try {
        mails += await outbox.resolve(token, id, LEFT, resendsUnknown);
      } catch (error) {
        if (!isOfAccount(error)) throw error;
        unreadable.add(id);
        log.error({ event: 'mails-unreadable', account: id, err: error }, 'the mails of an account cannot be read');
      }
    }
  }
  if (mails > 0) log.warn({ event: 'mails-resolved', mails }, 'mails that another notifier had claimed were resolved');
}

/** What has waited for a day, and waits still: said so, and not sent. */
async function failOld({ outbox, sending, log, trouble }: MailsOptions, { token, until }: Term): Promise<void> {
  const words = sending === undefined ? `${NOT_SENT}: mail was switched off` : unusableFor(trouble);
  const failed: MailOutcome = { outcome: 'failed', words };
  while (!until.aborted) {
    const { clock, accountIds } = await outbox.due(GIVE_UP_MS, MAILS_UNDER_WAY_MAX);
    if (accountIds.length === 0) return;
    const { mails } = await outbox.claim(token, accountIds, MAILS_UNDER_WAY_MAX, clock - GIVE_UP_MS);
    if (mails.length === 0) return; // due that long, but decided later: the clock was set back
    for (const mail of mails) {
      await outbox.conclude(token, mail, failed);
      tell(log, mail, failed);
    }
  }
}

/** One that cannot be read asks nothing: it will say so itself. */
async function breakdownsOf(breakdowns: Breakdowns, mails: readonly ClaimedMail[]) {
  const asks = mails.map(({ accountId, profile, snapshot }) => {
    try {
      return askOf(accountId, profile.timeZone, readSnapshot(snapshot));
    } catch {
      return undefined;
    }
  });
  const answers = await breakdowns(asks.filter((ask) => ask !== undefined));
  let next = 0;
  return asks.map((ask) => {
    if (ask === undefined) return undefined;
    next += 1;
    return answers[next - 1];
  });
}
