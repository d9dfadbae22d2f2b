/**
 * The mails of the demo: waiting until the notifier has taken care of all, and each with what it said. Mails that were
 * taken back before they went out are no part of it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { TransientError } from '../../core/errors.ts';
import type { PriceBook } from '../../core/price.ts';
import { breakdowns } from '../../workers/notify/breakdown.ts';
import { knownAccount } from '../accounts.ts';
import { readMails } from '../alerts/ask.ts';
import { wordsOf } from '../alerts/mail-words.ts';
import type { NamedMail } from '../emails/write-mails.ts';
import { historyOf } from '../flushed.ts';
import type { System } from '../system.ts';
import { CAST } from './cast.ts';

/** More than three accounts of a few days have. */
const MAILS_MAX = 100;
const LOOK_MS = 50;
/** The notifier takes milliseconds; one that never comes to its end is a fault to be told. */
const WAIT_MS_MAX = 60_000;
/** A query on a busy machine. */
const BREAKDOWN_MS_MAX = 30_000;

export interface DemoMail extends NamedMail {
  readonly accountId: string;
  readonly kind: string;
  readonly status: string;
  /** ISO 8601. */
  readonly at: string;
}

/** In the order they were decided. */
export async function sentMails(system: System, book: PriceBook): Promise<DemoMail[]> {
  const { ledger, reader, clickhouse, log } = system;
  const history = historyOf(system);
  await history.flushedUpTo(Number(await ledger.redis.hget(ledger.keys.meta, 'sequence')));
  const ask = breakdowns({ clickhouse, book, log, timeoutMs: BREAKDOWN_MS_MAX });
  const found: Omit<DemoMail, 'name'>[] = [];
  for (const { id: accountId } of CAST) {
    const rows = (await readMails(reader, accountId, MAILS_MAX)).filter((row) => row.last_status === 'sent').reverse();
    const words = await wordsOf(ask, await knownAccount(ledger, accountId), rows);
    for (const [i, row] of rows.entries()) {
      const mail = words[i];
      if (mail === null || mail === undefined) continue;
      const at = new Date(Number(row.decided_at)).toISOString();
      found.push({ accountId, kind: row.kind, status: row.last_status, at, mail });
    }
  }
  found.sort((a, b) => (a.at === b.at ? a.accountId.localeCompare(b.accountId) : a.at.localeCompare(b.at)));
  return found.map((one, i) => ({ name: `${String(i + 1).padStart(2, '0')}-${one.accountId}-${one.kind}`, ...one }));
}

/** Resolves when no mail waits or is being sent: what comes next overtakes none. */
export async function untilMailed({ ledger: { redis, keys } }: System, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + WAIT_MS_MAX;
  while ((await redis.zcard(keys.mailsDue)) + (await redis.scard(keys.mailsClaimed)) > 0) {
    if (performance.now() > deadline) throw new TransientError('mails-waiting', 'The demo’s mails were not sent.');
    await delay(LOOK_MS, undefined, { signal });
  }
}
