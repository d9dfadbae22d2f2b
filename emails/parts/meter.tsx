/**
 * A bar that shows a part of a whole: a table of two cells with background colours, no image, so nothing is missing
 * where images are off. The words under it say the same; a screen reader hears those alone.
 */
import { part } from './part.tsx';
import { fillOf, styles, type Tone } from './styles.ts';
import { indent, wrap } from './text.ts';

interface Props {
  readonly value: bigint;
  readonly whole: bigint;
  readonly tone: Tone;
  /** "34 of 100 credits left"; left out where the words stand beside the bar. */
  readonly label?: string;
}

const TEXT_BAR_COLUMNS = 40;

/** How much is filled, in whole steps: something is never nothing, and short of the whole is never the whole. */
export const filled = (value: bigint, whole: bigint, steps: number): number => {
  if (value <= 0n || whole <= 0n) return 0;
  if (value >= whole) return steps;
  const exact = Number((value * BigInt(steps)) / whole);
  return Math.min(Math.max(exact, 1), steps - 1);
};

const cell = { fontSize: '1px', lineHeight: '12px' } as const;

export const Meter = part<Props>(
  ({ value, whole, tone, label }) => {
    const percent = filled(value, whole, 100);
    return (
      <>
        <table role="presentation" border={0} cellPadding="0" cellSpacing="0" width="100%">
          <tbody>
            <tr>
              {percent > 0 && (
                <td width={`${percent}%`} className={`fill-${tone}`} style={{ ...cell, ...fillOf(tone) }}>
                  {'\u00a0'}
                </td>
              )}
              {percent < 100 && (
                <td width={`${100 - percent}%`} className="track" style={{ ...cell, ...styles.track }}>
                  {'\u00a0'}
                </td>
              )}
            </tr>
          </tbody>
        </table>
        {label !== undefined && (
          <p className="soft" style={{ ...styles.soft, margin: '6px 0 16px', fontSize: '14px', lineHeight: '20px' }}>
            {label}
          </p>
        )}
      </>
    );
  },
  ({ value, whole, label }) => {
    const bar = textBar(value, whole, TEXT_BAR_COLUMNS);
    return indent(label === undefined ? bar : `${bar}\n${wrap(label)}`);
  },
);

/** "[#####---------------]" */
export const textBar = (value: bigint, whole: bigint, columns: number): string => {
  const full = filled(value, whole, columns);
  return `[${'#'.repeat(full)}${'-'.repeat(columns - full)}]`;
};
