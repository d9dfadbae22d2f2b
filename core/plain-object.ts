/** Whether a parsed JSON value is an object (and no array). Its fields must still be asked for with Object.hasOwn. */
export const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
