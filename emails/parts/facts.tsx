/**
 * A table of named figures: a name with a line of small print under it, and its figure to the right. A real table with
 * row headers, so that a screen reader says the name with the figure.
 */
import { part } from './part.tsx';
import { breaking, styles } from './styles.ts';
import { columns, noted } from './text.ts';

export interface Fact {
  readonly name: string;
  readonly figure: string;
  readonly note?: string | undefined;
}

export const Facts = part<{ readonly rows: readonly Fact[] }>(
  ({ rows }) => (
    <table border={0} cellPadding="0" cellSpacing="0" width="100%" style={{ margin: '0 0 16px' }}>
      <tbody>
        {rows.map(({ name, figure, note }) => (
          <tr key={name}>
            <th scope="row" align="left" className="ink" style={{ ...styles.ink, ...breaking, ...nameCell }}>
              {name}
              {note !== undefined && (
                <>
                  <br />
                  <span className="soft" style={{ ...styles.soft, fontSize: '14px' }}>
                    {note}
                  </span>
                </>
              )}
            </th>
            <td align="right" valign="top" className="ink" style={{ ...styles.ink, ...figureCell }}>
              {figure}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  ),
  ({ rows }) => {
    const lines = columns(rows.map(({ name, figure }) => [name, figure]));
    return lines.map((line, at) => noted(line, rows[at]!.note)).join('\n');
  },
);

const base = { padding: '5px 0', fontSize: '16px', lineHeight: '22px' } as const;
const nameCell = { ...base, fontWeight: 'normal' } as const;
const figureCell = { ...base, paddingLeft: '12px', fontWeight: 'bold' } as const;
