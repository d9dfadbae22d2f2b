/** The small print: why the mail came, a link to change that if the platform has a page for it, and given lines. */
import { part } from './part.tsx';
import { breaking, styles } from './styles.ts';
import { wrap } from './text.ts';

interface Props {
  readonly why: string;
  readonly manageUrl: string | undefined;
  readonly lines: readonly string[];
}

const LINK_WORDS = 'Manage alerts';

export const Why = part<Props>(
  ({ why, manageUrl, lines }) => (
    <>
      <p className="soft" style={small}>
        {why}
        {manageUrl !== undefined && (
          <>
            {' '}
            <a href={manageUrl} className="link" style={{ ...styles.link, textDecoration: 'underline' }}>
              {LINK_WORDS}
            </a>
          </>
        )}
      </p>
      {lines.map((line) => (
        <p key={line} className="soft" style={small}>
          {line}
        </p>
      ))}
    </>
  ),
  ({ why, manageUrl, lines }) =>
    [why, ...(manageUrl === undefined ? [] : [`${LINK_WORDS}: ${manageUrl}`]), ...lines]
      .map((line) => wrap(line))
      .join('\n'),
);

const small = { ...styles.soft, ...breaking, margin: '0 0 6px', fontSize: '13px', lineHeight: '19px' } as const;
