/** Bounds of what `alerts` lists, the newest first: a page for a person; the most that is read of one account. */
export const LISTED_DEFAULT = 50;
export const LISTED_MAX = 10_000;
