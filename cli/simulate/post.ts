/**
 * The post of a sandbox: every mail that a line decided goes out before the next line, as in life it would in less than a
 * second. It goes nowhere, and is recorded as sent through the same claim and conclusion as any other; what it says is
 * rendered when somebody reads it.
 */
import type { LedgerContext } from '../../ledger/context.ts';
import { mailOutbox } from '../../ledger/mail-outbox.ts';

/** A sandbox has one notifier, and it never ends. */
const TOKEN = 'sandbox';
/** Mails of one claim. */
const PAGE = 100;

/** Returns what sends all that is due; it resolves when nothing is. */
export async function openPost(ledger: LedgerContext): Promise<() => Promise<void>> {
  const outbox = mailOutbox(ledger);
  await ledger.redis.set(ledger.keys.notifyLease, TOKEN);
  return async () => {
    for (;;) {
      const { accountIds } = await outbox.due(0, PAGE);
      if (accountIds.length === 0) return;
      const { mails } = await outbox.claim(TOKEN, accountIds, PAGE);
      if (mails.length === 0) return;
      for (const mail of mails) {
        await outbox.mark(TOKEN, mail);
        await outbox.conclude(TOKEN, mail, { outcome: 'sent', words: 'in a sandbox no mail leaves' });
      }
    }
  };
}
