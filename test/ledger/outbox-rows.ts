/** The usage rows that wait in a ledger's outbox, decoded; and a store that finds charges among them. */

import type { ChargedEvent, ChargeStore } from '../../ledger/charges.ts';
import type { LedgerContext } from '../../ledger/context.ts';
import { type OutboxEntry, readEntries } from '../../ledger/outbox.ts';
import { SPLIT_BYTES } from '../../schema/rows.ts';
import { decodeUsageBody } from '../../schema/usage-body.ts';
import { decodeUsageSplit } from '../../schema/usage-split.ts';

const LENGTH_BYTES = 4;

/** Throws when an event's parts are not its cost; those of one that was voided before it came are nothing. */
export function rowsOf({ usage, splits }: OutboxEntry): ChargedEvent[] {
  const rows: ChargedEvent[] = [];
  for (let at = 0; at < usage.length; at += LENGTH_BYTES + usage.readUInt32LE(at)) {
    const { event, derived } = decodeUsageBody(usage, at + LENGTH_BYTES);
    const split = decodeUsageSplit(splits, rows.length * SPLIT_BYTES);
    const { fromPrevious, fromMonthly, fromBonus, uncovered } = split;
    const paid = fromPrevious + fromMonthly + fromBonus + uncovered;
    rows.push({ event, derived, split });
    if (paid !== derived.cost && paid !== 0) throw new Error(`the parts of ${event.id} are not its cost`);
  }
  const unpaid = rows.filter(({ split }) => split.fromPrevious + split.fromMonthly + split.fromBonus === 0);
  const left = unpaid.reduce((sum, { derived, split }) => sum + derived.cost - split.uncovered, 0);
  if (left !== 0) throw new Error('an event that nobody paid is not taken back');
  return rows;
}

/** All entries of the outbox, oldest first. */
export const allEntries = ({ redis, keys }: LedgerContext): Promise<OutboxEntry[]> =>
  readEntries(redis, keys, 0, Number.MAX_SAFE_INTEGER);

/** Charges of events whose rows were not flushed yet. */
export function outboxCharges(context: LedgerContext): ChargeStore {
  return {
    async find(accountId, eventId) {
      const rows = (await allEntries(context)).flatMap(rowsOf);
      return rows.find(({ event, split }) => event.id === eventId && event.accountId === accountId && split.events > 0);
    },
  };
}
