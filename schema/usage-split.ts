/** The split of a usage row: the columns that its commit decides, of fixed width, as the commit scripts pack them. */
import { RowReader } from './row-binary.ts';

/** Amounts in µcr, negative in the row of a void; the two balances are those after it. */
export type UsageSplit = {
  readonly position: number;
  readonly fromPrevious: number;
  readonly fromMonthly: number;
  readonly fromBonus: number;
  readonly uncovered: number;
  readonly monthlyAfter: number;
  readonly bonusAfter: number;
  readonly payingCycle: number;
  /** 1; -1 in a row that takes another one back. */
  readonly events: number;
};

/** Reads one split back. Throws a RangeError when it is cut. */
export const decodeUsageSplit = (buffer: Buffer, start = 0): UsageSplit => {
  const reader = new RowReader(buffer, start);
  return {
    position: reader.uint16(),
    fromPrevious: reader.int64(),
    fromMonthly: reader.int64(),
    fromBonus: reader.int64(),
    uncovered: reader.int64(),
    monthlyAfter: reader.int64(),
    bonusAfter: reader.int64(),
    payingCycle: reader.int32(),
    events: reader.int8(),
  };
};
