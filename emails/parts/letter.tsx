/**
 * The frame of every mail: title and preview, a card with a heading and a greeting, what the template says, and in
 * small print why the mail came, in which zone its times are, and its reference. Dark colours come from the style sheet.
 */

import type { ReactNode } from 'react';
import { Body, Container, Head, Heading, Html, Preview, Section } from 'react-email';
import type { Message } from '../message.ts';
import { cleanText, shortText } from './clean-text.ts';
import { part, textsOf } from './part.tsx';
import { breaking, DARK_CSS, edgeOf, FONT, styles, type Tone } from './styles.ts';
import { stacked, titled, wrap } from './text.ts';
import { Why } from './why.tsx';

interface Props {
  readonly message: Message;
  readonly subject: string;
  /** What an inbox shows after the subject: the next thing to know, not the subject again. */
  readonly preview: string;
  readonly heading: string;
  readonly tone: Tone;
  /** Why the mail came and where that is changed. */
  readonly why: string;
  readonly manageUrl: string | undefined;
  readonly children: ReactNode;
}

const greeting = ({ reader }: Message): string => {
  const name = shortText(reader.name ?? '');
  return name === '' ? 'Hello,' : `Hello ${name},`;
};
const zoneLine = ({ reader }: Message): string =>
  `Dates and times are in ${reader.timeZone}; a date without a time starts at midnight.`;
const referenceLine = ({ intentId }: Message): string => `Reference: ${cleanText(intentId)}`;

export const Letter = part<Props>(
  ({ message, subject, preview, heading, tone, why, manageUrl, children }) => (
    <Html lang="en">
      <Head>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
        <title>{subject}</title>
        <style>{DARK_CSS}</style>
      </Head>
      <Body className="page" style={{ margin: 0, fontFamily: FONT }}>
        <Preview useTitleTag={false}>{preview}</Preview>
        <Section className="page" style={{ ...styles.page, padding: '16px 8px' }}>
          <Container style={{ maxWidth: '600px' }}>
            <Section className={`card edge-${tone}`} style={{ ...styles.card, ...edgeOf(tone), padding: '24px 20px' }}>
              <Heading as="h1" className="ink" style={{ ...styles.ink, ...breaking, ...title }}>
                {heading}
              </Heading>
              <p className="ink" style={{ ...styles.ink, ...breaking, ...words }}>
                {greeting(message)}
              </p>
              {children}
            </Section>
            <Section style={{ padding: '12px 20px' }}>
              <Why why={why} manageUrl={manageUrl} lines={[zoneLine(message), referenceLine(message)]} />
            </Section>
          </Container>
        </Section>
      </Body>
    </Html>
  ),
  ({ message, heading, why, manageUrl, children }) =>
    stacked([
      titled(heading, '='),
      wrap(greeting(message)),
      ...textsOf(children),
      // What follows this line is small print in mail programs too.
      `-- \n${Why.text({ why, manageUrl, lines: [zoneLine(message), referenceLine(message)] })}`,
    ]),
);

const title = { margin: '0 0 16px', fontSize: '22px', lineHeight: '28px' } as const;
const words = { margin: '0 0 12px', fontSize: '16px', lineHeight: '24px' } as const;
