/**
 * What a mail would say now, as the notifier would have it rendered: the numbers frozen when it was decided, the owner as
 * last told, the breakdown of what is in the history.
 */
import { PermanentError } from '../../core/errors.ts';
import type { RenderedMail } from '../../emails/message.ts';
import { renderMail } from '../../emails/render.ts';
import type { AccountState } from '../../ledger/account.ts';
import type { ClaimedMail } from '../../ledger/mail-outbox.ts';
import { askOf, type Breakdowns } from '../../workers/notify/breakdown.ts';
import { messageOf } from '../../workers/notify/message.ts';
import { readSnapshot } from '../../workers/notify/snapshot.ts';
import type { MailRow } from './shape.ts';

/** null: it cannot be told, such as a week without its days. */
export type MailWords = RenderedMail | null;

/** The words of mails of one account, in their order. */
export async function wordsOf(
  breakdowns: Breakdowns,
  account: AccountState,
  rows: readonly MailRow[],
): Promise<MailWords[]> {
  const mails = rows.map((row) => claimedAs(account, row));
  const asks = mails.map(({ snapshot }) => askOf(account.accountId, account.profile.timeZone, readSnapshot(snapshot)));
  const used = await breakdowns(asks);
  const words: MailWords[] = [];
  for (const [i, mail] of mails.entries()) words.push(await worded(mail, used[i]));
  return words;
}

async function worded(mail: ClaimedMail, used: Parameters<typeof messageOf>[2]): Promise<MailWords> {
  try {
    return await renderMail(messageOf(mail, readSnapshot(mail.snapshot), used));
  } catch (error) {
    if (error instanceof PermanentError && error.code === 'mail-unreadable') return null;
    throw error;
  }
}

/** As a notifier would have claimed it. */
function claimedAs({ accountId, profile }: AccountState, row: MailRow): ClaimedMail {
  const { intent_id: intentId, kind, snapshot, decided_at, last_attempts: attempts } = row;
  return {
    ...{
      accountId,
      intentId,
      number: intentId.slice(intentId.lastIndexOf(':') + 1),
      kind: kind as ClaimedMail['kind'],
    },
    ...{ attempts, decidedAt: Number(decided_at), snapshot, profile },
  };
}
