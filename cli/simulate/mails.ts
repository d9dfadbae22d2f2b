/**
 * The mails of an account in a script: as `alerts` lists them, the newest first. In a sandbox nobody sends them, so what
 * was not superseded stays unsent.
 */
import { readMails, readPresent } from '../alerts/ask.ts';
import { LISTED_DEFAULT } from '../alerts/limits.ts';
import { type MailShape, mailShape } from '../alerts/shape.ts';
import type { Sandbox } from './sandbox.ts';

/** Throws `unknown-account`. */
export async function askMails(
  { history }: Sandbox,
  accountId: string,
  limit: number = LISTED_DEFAULT,
): Promise<MailShape[]> {
  const { states } = await readPresent(history, accountId);
  const rows = await readMails(history.reader, accountId, limit);
  return rows.map((row) => mailShape(row, states.mails));
}
