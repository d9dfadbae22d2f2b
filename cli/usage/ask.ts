/** `usage` without its printing: from its flags to the question that is asked of ClickHouse. */
import type { LedgerContext } from '../../ledger/context.ts';
import { knownAccount } from '../accounts.ts';
import { listFlag, type TimeFlag } from '../flags.ts';
import { type Bucket, KEY_NAMES, type KeyName, type UsageQuestion } from './query.ts';
import { rangeOf } from './range.ts';

export interface UsageFlags {
  readonly account?: string | undefined;
  readonly server?: string | undefined;
  readonly model?: string | undefined;
  readonly from?: TimeFlag | undefined;
  readonly to?: TimeFlag | undefined;
  readonly timeZone?: string | undefined;
  readonly by: readonly KeyName[];
  readonly bucket?: Bucket | undefined;
}

export const BY_DEFAULT: readonly KeyName[] = ['account', 'server', 'model'];

/** `none` is one row for everything. */
export function byFlag(text: string): readonly KeyName[] {
  return text === 'none' ? [] : listFlag('--by', KEY_NAMES)(text);
}

/** Throws `unknown-account` where one is named, and UsageError for an empty range. */
export async function askUsage(
  ledger: LedgerContext,
  { account, server, model, from, to, timeZone, by, bucket }: UsageFlags,
): Promise<UsageQuestion> {
  const known = account === undefined ? undefined : await knownAccount(ledger, account);
  const zone = timeZone ?? known?.profile.timeZone ?? 'UTC';
  return {
    ...(account === undefined ? {} : { accountId: account }),
    ...(server === undefined ? {} : { serverId: server }),
    ...(model === undefined ? {} : { model }),
    ...rangeOf(from, to, zone),
    timeZone: zone,
    by,
    ...(bucket === undefined ? {} : { bucket }),
  };
}
