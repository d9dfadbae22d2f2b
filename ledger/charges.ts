/**
 * The charge of an accepted event as its row tells it: what a void has to undo. The ledger keeps no charges, only that an
 * event was seen; whoever applies voids brings a store that finds them in the history.
 */

import type { UsageEvent } from '../core/types.ts';
import type { DerivedUsage } from '../schema/usage-body.ts';
import type { UsageSplit } from '../schema/usage-split.ts';

/** One usage row. */
export interface ChargedEvent {
  readonly event: UsageEvent;
  readonly derived: DerivedUsage;
  readonly split: UsageSplit;
}

export interface ChargeStore {
  /**
   * The charge of an event, looked for until the history has everything up to sequence `upTo`; undefined when it has no
   * charge of it then. Throws TransientError when the history did not get that far in time.
   */
  find(accountId: string, eventId: string, upTo: number): Promise<ChargedEvent | undefined>;
}
