/** Bounds of what may be asked of a ledger: beyond them is a typing error. */
export const LINES_MAX = 1_000_000;
export const CYCLE_MAX = 1_000_000;
