/** Committing without a usage worker: for jobs and commands that apply something by themselves. */
import type { Logger } from 'pino';
import type { PriceBook } from '../../core/price.ts';
import type { LedgerContext } from '../../ledger/context.ts';
import { Profiles } from '../../ledger/profiles.ts';
import type { CommitGroupOptions } from './commit-group.ts';

export interface OwnCommitOptions {
  readonly context: LedgerContext;
  readonly book: PriceBook;
  readonly acceptDays: number;
  readonly log: Pick<Logger, 'warn'>;
  readonly signal: AbortSignal;
}

/** What `commitGroup` and its kin need, with profiles of its own. Room in the outbox is the worker's to keep. */
export function commitOptionsOf({ context, book, acceptDays, log, signal }: OwnCommitOptions): CommitGroupOptions {
  return {
    context,
    encoder: { book, keys: context.keys, profiles: new Profiles(context) },
    settings: { acceptDays },
    signal,
    onCommitted: () => undefined,
    onRetry: (error) => log.warn({ event: 'commit-retry', code: error.code }, error.message),
  };
}
