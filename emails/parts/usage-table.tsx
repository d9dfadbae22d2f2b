/**
 * A table of shares: a name, its calls and its credits. The calls stand under the name, so that two columns are enough
 * for a long id and a large number on 320 px; the text has a column for them.
 */
import type { Share } from '../message.ts';
import { part } from './part.tsx';
import { breaking, styles } from './styles.ts';
import { columns } from './text.ts';
import type { Voice } from './voice.ts';

interface Props {
  readonly head: string;
  readonly shares: readonly Share[];
  readonly voice: Voice;
}

const CREDITS = 'Credits';

export const Usage = part<Props>(
  ({ head, shares, voice }) => (
    <table border={0} cellPadding="0" cellSpacing="0" width="100%" style={{ margin: '0 0 16px' }}>
      <thead>
        <tr>
          <th scope="col" align="left" className="soft" style={headCell}>
            {head}
          </th>
          <th scope="col" align="right" className="soft" style={{ ...headCell, ...figure }}>
            {CREDITS}
          </th>
        </tr>
      </thead>
      <tbody>
        {shares.map(({ name, events, credits }) => (
          <tr key={name}>
            <th scope="row" align="left" className="ink rule" style={{ ...cell, ...breaking, fontWeight: 'normal' }}>
              {name}
              <br />
              <span className="soft" style={{ ...styles.soft, fontSize: '13px' }}>
                {voice.count(events, 'call')}
              </span>
            </th>
            <td align="right" className="ink rule" style={{ ...cell, ...figure }}>
              {voice.credits(credits)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  ),
  ({ head, shares, voice }) =>
    columns([
      [head, 'Calls', CREDITS],
      ...shares.map(({ name, events, credits }) => [name, voice.number(events), voice.credits(credits)]),
    ]).join('\n'),
);

const base = { padding: '6px 0', verticalAlign: 'top', fontSize: '15px', lineHeight: '20px' } as const;
const headCell = { ...base, ...styles.soft, fontSize: '13px', fontWeight: 'normal' } as const;
const cell = { ...base, ...styles.ink, ...styles.rule } as const;
const figure = { paddingLeft: '12px' } as const;
