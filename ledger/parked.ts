/**
 * How one parked event or command stands in its list: when it first came, then its text. Written by the commit scripts,
 * which alone know the clock.
 */

export interface ParkedText {
  /** Clock of its first arrival, ms; it keeps it wherever it waits on. */
  readonly parkedAt: number;
  /** The JSON that the worker gave. */
  readonly text: string;
}

/** What stands where an item left its list from the middle. */
export const EMPTY_PLACE = '';

export function readParked(item: string): ParkedText {
  const end = item.indexOf(' ');
  return { parkedAt: Number(item.slice(0, end)), text: item.slice(end + 1) };
}

/** The other way, for one that goes on waiting. */
export function writeParked({ parkedAt, text }: ParkedText): string {
  return `${parkedAt} ${text}`;
}
