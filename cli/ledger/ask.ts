/** `ledger` and `ledger --verify` without their printing: the account is known and up to date, its history flushed. */
import { TransientError } from '../../core/errors.ts';
import type { AccountState } from '../../ledger/account.ts';
import { knownAccount } from '../accounts.ts';
import type { TimeFlag } from '../flags.ts';
import { type History, shortfall } from '../flushed.ts';
import { rangeOf } from '../usage/range.ts';
import { type LedgerLine, type LedgerLineShape, ledgerLineShape } from './lines.ts';
import { lastLines, readLedger } from './read.ts';
import { type ChainReport, cutOff, verifyChain } from './verify.ts';

/** Which of its lines. */
export interface LedgerFlags {
  readonly cycle?: number | undefined;
  readonly from?: TimeFlag | undefined;
  readonly to?: TimeFlag | undefined;
  readonly limit?: number | undefined;
  readonly events?: boolean | undefined;
}

export interface AskedLedger {
  readonly account: AccountState;
  readonly lines: AsyncIterable<LedgerLine>;
  /** The sentence that says how far the history reaches, where that is not far enough. */
  readonly short: string | undefined;
}

/** Throws `unknown-account`. */
export async function askLedger(history: History, accountId: string, flags: LedgerFlags): Promise<AskedLedger> {
  const account = await knownAccount(history.ledger, accountId);
  const upTo = await history.flushedUpTo(account.sequence);
  const { cycle, events, from, to } = flags;
  const question = { accountId, upTo, cycle, events, ...rangeOf(from, to, account.profile.timeZone) };
  return { account, lines: readLedger(history.reader, question), short: shortfall(upTo, account.sequence) };
}

/** The lines as `ledger --json` prints them. */
export async function* ledgerShapes(
  { lines }: AskedLedger,
  limit: number | undefined,
): AsyncGenerator<LedgerLineShape> {
  const wanted = limit === undefined ? lines : (await lastLines(lines, limit)).lines;
  for await (const line of wanted) yield ledgerLineShape(line);
}

/** Throws `unknown-account`, and `not-flushed` where the history does not reach as far as the account. */
export async function verifyLedger(history: History, accountId: string): Promise<ChainReport> {
  const { ledger, reader } = history;
  const account = await knownAccount(ledger, accountId);
  const upTo = await history.flushedUpTo(account.sequence);
  if (upTo < account.sequence) throw new TransientError('not-flushed', shortfall(upTo, account.sequence)!);
  const report = await verifyChain(reader, accountId, Number(await ledger.redis.hget(ledger.keys.meta, 'block')));
  const end = report.intact ? await cutOff(readLedger(reader, { accountId, upTo }), account) : undefined;
  return end === undefined ? report : { ...report, intact: false, broken: end };
}
