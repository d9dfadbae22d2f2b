/**
 * Time is handed in. Nothing in the rules reads the machine's clock; what needs the time takes a `Clock` or a number.
 * The clock of a commit is one reading, used for everything in it.
 */

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Clock = () => number;

/** The machine's clock. */
export const systemClock: Clock = () => Date.now();

/** A clock that stands still until it is told otherwise, for tests and for `simulate`. */
export const handClock = (startMs: number): Clock & { readonly set: (ms: number) => void } => {
  let nowMs = startMs;
  return Object.assign(() => nowMs, {
    set: (ms: number) => {
      nowMs = ms;
    },
  });
};
