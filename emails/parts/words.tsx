/** Paragraphs and the headings between them. */

import type { ReactNode } from 'react';
import { Heading } from 'react-email';
import { inlineText, part } from './part.tsx';
import { breaking, styles } from './styles.ts';
import { titled, wrap } from './text.ts';

/** A paragraph of strings. */
export const Words = part<{ readonly children: ReactNode }>(
  ({ children }) => (
    <p className="ink" style={{ ...styles.ink, ...breaking, margin: '0 0 12px', fontSize: '16px', lineHeight: '24px' }}>
      {children}
    </p>
  ),
  ({ children }) => wrap(inlineText(children)),
);

export const Title = part<{ readonly children: string }>(
  ({ children }) => (
    <Heading
      as="h2"
      className="ink rule"
      style={{ ...styles.ink, ...styles.rule, ...breaking, margin: '20px 0 8px', paddingTop: '16px', ...size }}
    >
      {children}
    </Heading>
  ),
  ({ children }) => titled(children, '-'),
);

const size = { fontSize: '17px', lineHeight: '24px' } as const;
