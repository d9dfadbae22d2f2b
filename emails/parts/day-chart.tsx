/** A bar for each day, the costliest one full: a table with the date, the bar and the credits in a row. */
import { Meter, textBar } from './meter.tsx';
import { part } from './part.tsx';
import { styles } from './styles.ts';
import { columns } from './text.ts';
import type { Voice } from './voice.ts';

interface Props {
  /** Counted from 1970-01-01. */
  readonly firstDay: number;
  readonly days: readonly bigint[];
  readonly voice: Voice;
}

const TEXT_BAR_COLUMNS = 30;

const costliest = (days: readonly bigint[]): bigint => {
  let most = 0n;
  for (const cost of days) if (cost > most) most = cost;
  return most;
};

export const DayChart = part<Props>(
  ({ firstDay, days, voice }) => (
    <table border={0} cellPadding="0" cellSpacing="0" width="100%" style={{ margin: '0 0 16px' }}>
      <tbody>
        {days.map((cost, at) => (
          <tr key={voice.day(firstDay + at)}>
            <th scope="row" align="left" className="soft" style={{ ...styles.soft, ...cell, ...date }}>
              {voice.day(firstDay + at).replaceAll(' ', '\u00a0')}
            </th>
            <td width="50%" style={cell}>
              <Meter value={cost} whole={costliest(days)} tone="calm" />
            </td>
            <td align="right" className="ink" style={{ ...styles.ink, ...cell, paddingLeft: '10px' }}>
              {voice.credits(cost)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  ),
  ({ firstDay, days, voice }) =>
    columns(
      days.map((cost, at) => [
        `${voice.day(firstDay + at)}  ${textBar(cost, costliest(days), TEXT_BAR_COLUMNS)}`,
        voice.credits(cost),
      ]),
    ).join('\n'),
);

const cell = { padding: '5px 0', fontSize: '14px', lineHeight: '20px' } as const;
const date = { fontWeight: 'normal', paddingRight: '10px' } as const;
