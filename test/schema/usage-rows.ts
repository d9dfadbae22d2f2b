/** Whole usage rows as the flusher puts them together, for tests of the tables. */
import type { UsageEvent } from '../../core/types.ts';
import { SPLIT_BYTES, TAIL_BYTES } from '../../schema/rows.ts';
import { createRowWriter, type DerivedUsage, encodeUsageBody } from '../../schema/usage-body.ts';

export type TestRow = {
  readonly event: UsageEvent;
  readonly derived: DerivedUsage;
  readonly fromMonthly: number;
  readonly fromBonus: number;
  readonly uncovered: number;
  readonly sequence: number;
  readonly block: number;
  readonly events: 1 | -1;
};

export const aRow = (changes: Partial<TestRow> & { readonly event?: UsageEvent } = {}): TestRow => ({
  event: anEvent(),
  derived: { model: 'claude-sonnet-4.5', priceVersion: '2026-11-01', cost: 10_500, localDay: 20_789, cycle: 3 },
  fromMonthly: 10_000,
  fromBonus: 400,
  uncovered: 100,
  sequence: 1,
  block: 1,
  events: 1,
  ...changes,
});

export const anEvent = (changes: Partial<UsageEvent> = {}): UsageEvent => ({
  id: 'call-1',
  accountId: 'acct-1',
  serverId: 'srv-1',
  model: 'sonnet',
  occurredAt: Date.UTC(2026, 11, 1, 10, 29, 59, 999),
  tokens: { input: 1000, output: 500, cacheRead: 30, cacheWrite: 4 },
  keySource: 'platform',
  attributes: [],
  ...changes,
});

/** The row of a void: the same event, everything counted back. */
export const voided = (row: TestRow, sequence: number, block: number): TestRow => {
  const { input, output, cacheRead, cacheWrite } = row.event.tokens;
  return {
    event: { ...row.event, tokens: { input: -input, output: -output, cacheRead: -cacheRead, cacheWrite: -cacheWrite } },
    derived: { ...row.derived, cost: -row.derived.cost },
    fromMonthly: -row.fromMonthly,
    fromBonus: -row.fromBonus,
    uncovered: -row.uncovered,
    sequence,
    block,
    events: -1,
  };
};

export const encodeRows = (rows: readonly TestRow[]): Buffer =>
  Buffer.concat(
    rows.map((row, position) => {
      const writer = createRowWriter(64);
      const { start, end } = encodeUsageBody(writer, row.event, row.derived);
      return Buffer.concat([writer.buffer.subarray(start, end), splitOf(row, position), tailOf(row)]);
    }),
  );

const splitOf = (row: TestRow, position: number): Buffer => {
  const split = Buffer.alloc(SPLIT_BYTES);
  split.writeUInt16LE(position, 0);
  const amounts = [0, row.fromMonthly, row.fromBonus, row.uncovered, 2 ** 53 - 1, 25_000_000];
  for (const [i, amount] of amounts.entries()) split.writeBigInt64LE(BigInt(amount), 2 + 8 * i);
  split.writeInt32LE(row.derived.cycle, 50);
  split.writeInt8(row.events, 54);
  return split;
};

const tailOf = (row: TestRow): Buffer => {
  const tail = Buffer.alloc(TAIL_BYTES);
  tail.writeBigUInt64LE(BigInt(row.sequence), 0);
  tail.writeBigInt64LE(BigInt(row.event.occurredAt + 1500), 8);
  tail.writeBigUInt64LE(BigInt(row.block), 16);
  return tail;
};
