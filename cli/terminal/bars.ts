/** Bars of block characters. Pure; a share is a number from 0 to 1. */

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;
const FULL = '█';
const EMPTY = '░';
const STEPS = '▁▂▃▄▅▆▇█';

/** A bar of at most `cells` characters, to an eighth of one. What is not nothing shows as something. */
export function bar(share: number, cells: number): string {
  const eighths = Math.round(clamp(share) * cells * 8);
  const shown = share > 0 ? Math.max(eighths, 1) : 0;
  return FULL.repeat(Math.floor(shown / 8)) + EIGHTHS[shown % 8]!;
}

/** A gauge of exactly `cells` characters. Neither full nor empty unless it is. */
export function meter(share: number, cells: number): string {
  const full = Math.round(clamp(share) * cells);
  const shown = share <= 0 ? 0 : share >= 1 ? cells : Math.min(Math.max(full, 1), cells - 1);
  return FULL.repeat(shown) + EMPTY.repeat(cells - shown);
}

/** A line of one character a value, scaled to the largest; nothing is a blank. */
export function sparkline(shares: readonly number[]): string {
  return shares.map((share) => (share <= 0 ? ' ' : STEPS[Math.min(Math.floor(clamp(share) * 8), 7)]!)).join('');
}

/** a / b as a share, exact enough for a bar; 0 when b is 0. */
export function shareOf(a: bigint, b: bigint): number {
  return b === 0n ? 0 : Number((a * 10_000n) / b) / 10_000;
}

function clamp(share: number): number {
  return Math.min(Math.max(share, 0), 1);
}
