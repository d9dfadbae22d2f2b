/**
 * The mails of an account in a script: as `alerts` lists them, the newest first, and what each says. They are
 * rendered now, of the numbers they were decided with.
 */
import { readMails, readPresent } from '../alerts/ask.ts';
import { LISTED_DEFAULT } from '../alerts/limits.ts';
import { wordsOf } from '../alerts/mail-words.ts';
import { type MailShape, mailShape } from '../alerts/shape.ts';
import type { Sandbox } from './sandbox.ts';

/** The text is the mail's plain one; the HTML says the same. */
export type SimulatedMail = MailShape & { readonly subject: string | null; readonly text: string | null };

/** Throws `unknown-account`. */
export async function askMails(
  sandbox: Sandbox,
  accountId: string,
  limit: number = LISTED_DEFAULT,
): Promise<SimulatedMail[]> {
  const { account, states } = await readPresent(sandbox.history, accountId);
  const rows = await readMails(sandbox.history.reader, accountId, limit);
  const words = await wordsOf(sandbox.breakdowns, account, rows);
  return rows.map((row, i) => ({
    ...mailShape(row, states.mails),
    ...{ subject: words[i]?.subject ?? null, text: words[i]?.text ?? null },
  }));
}
