/**
 * JSON of what came from outside. Whatever was parsed can nearly always be written again; what is nested so deeply that
 * it cannot is described instead, so that setting a value aside never fails.
 */

/** Stands for a value that cannot be written. */
export const TOO_DEEP = '"(nested too deeply to be kept)"';

/** JSON text of a parsed value; '' for undefined, TOO_DEEP for what cannot be written. */
export const jsonText = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? '';
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return TOO_DEEP;
    throw error;
  }
};
