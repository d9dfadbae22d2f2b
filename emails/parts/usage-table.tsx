/** A table of shares: a name, its calls and its credits, with column headers for those who hear it. */
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

const HEADS = ['Calls', 'Credits'] as const;

const rowsOf = ({ shares, voice }: Props): [name: string, calls: string, credits: string][] =>
  shares.map(({ name, events, credits }) => [name, voice.number(events), voice.credits(credits)]);

export const Usage = part<Props>(
  (props) => (
    <table border={0} cellPadding="0" cellSpacing="0" width="100%" style={{ margin: '0 0 16px' }}>
      <thead>
        <tr>
          <th scope="col" align="left" className="soft" style={headCell}>
            {props.head}
          </th>
          {HEADS.map((head) => (
            <th key={head} scope="col" align="right" className="soft" style={{ ...headCell, ...figure, width: '20%' }}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rowsOf(props).map(([name, ...figures]) => (
          <tr key={name}>
            <th scope="row" align="left" className="ink rule" style={{ ...nameCell, ...breaking }}>
              {name}
            </th>
            {figures.map((text, at) => (
              <td key={HEADS[at]} align="right" className="ink rule" style={{ ...nameCell, ...figure }}>
                {text}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  ),
  (props) => columns([[props.head, ...HEADS], ...rowsOf(props)]).join('\n'),
);

const base = { padding: '6px 0', verticalAlign: 'top', fontSize: '15px', lineHeight: '20px' } as const;
const headCell = { ...base, ...styles.soft, fontSize: '13px', fontWeight: 'normal' } as const;
const nameCell = { ...base, ...styles.ink, ...styles.rule, fontWeight: 'normal' } as const;
const figure = { paddingLeft: '12px' } as const;
