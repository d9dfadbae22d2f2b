/**
 * What the commit of a command is told of the voids in it: where the dedupe memory keeps their events, and of a charged
 * one what is to be undone, with the row that takes its row back. The rule itself is apply-void.lua's.
 */
import { PermanentError } from '../core/errors.ts';
import { eventKey } from '../core/identity.ts';
import type { UsageVoid } from '../core/types.ts';
import { createRowWriter, encodeUsageBody } from '../schema/usage-body.ts';
import type { ChargedEvent, ChargeStore } from './charges.ts';
import { bucketOf, parseDirectory } from './dedupe.ts';
import type { LedgerKeys } from './keys.ts';

/** What was found of an event that the commit asked for. */
export interface LookedUp {
  readonly charged: ChargedEvent | undefined;
  /** The last forgotten day when it was looked for. */
  readonly day: number;
}

/** Bytes in front of a body: its length. */
const LENGTH_BYTES = 4;

/** Collects, for one try of a commit, the keys of the dedupe buckets that its voids name by their place. */
export class VoidPlans {
  readonly bucketKeys: string[] = [];
  private readonly keys: LedgerKeys;
  private readonly directory: string;
  private readonly firstPlace: number;

  /** `firstPlace`: of the buckets among the script's keys, from 1. */
  constructor(keys: LedgerKeys, directory: string, firstPlace: number) {
    this.keys = keys;
    this.directory = directory === '' ? '0:0' : directory;
    this.firstPlace = firstPlace;
  }

  /** The directory that the buckets are of; undefined where there is no void. */
  get checkedDirectory(): string | undefined {
    return this.bucketKeys.length === 0 ? undefined : this.directory;
  }

  plan({ accountId, eventId }: UsageVoid, found: LookedUp | undefined): object {
    const key = eventKey(accountId, eventId);
    const bucket = bucketOf(parseDirectory(this.directory), key);
    const place = this.firstPlace - 1 + this.bucketKeys.push(this.keys.dedupe(bucket));
    return {
      eventId,
      key: Buffer.from(key, 'latin1').toString('hex'),
      bucket: place,
      lookedUpDay: found?.day,
      charged: found?.charged && chargedFacts(found.charged),
    };
  }
}

function chargedFacts({ event, derived, split }: ChargedEvent): object {
  return {
    ...{ serverId: event.serverId, day: derived.localDay, cost: derived.cost, payingCycle: split.payingCycle },
    ...{ previous: split.fromPrevious, monthly: split.fromMonthly, bonus: split.fromBonus, uncovered: split.uncovered },
  };
}

/** The body of the row that takes a charge back, with its length in front: the same with counts and cost negative. */
export function takenBack({ event, derived }: ChargedEvent): Buffer {
  const { input, output, cacheRead, cacheWrite } = event.tokens;
  const writer = createRowWriter();
  writer.offset = LENGTH_BYTES;
  const { start, end } = encodeUsageBody(
    writer,
    { ...event, tokens: { input: -input, output: -output, cacheRead: -cacheRead, cacheWrite: -cacheWrite } },
    { ...derived, cost: -derived.cost },
  );
  writer.buffer.writeUInt32LE(end - start, 0);
  return writer.buffer.subarray(0, end);
}

/**
 * Finds what a void's commit asked for. `isSeen`: the event is charged for certain, so its row must be found; only one
 * that ClickHouse refused, and that is a dead letter `unflushable`, is not.
 */
export async function lookUp(
  charges: ChargeStore,
  { accountId, eventId }: UsageVoid,
  asked: { readonly upTo: number; readonly isSeen: boolean; readonly day: number },
): Promise<LookedUp> {
  const charged = await charges.find(accountId, eventId, asked.upTo);
  if (charged === undefined && asked.isSeen) {
    throw new PermanentError('void-without-row', 'The event was charged, but ClickHouse has no row of it to undo.', {
      field: 'eventId',
    });
  }
  return { charged, day: asked.day };
}
