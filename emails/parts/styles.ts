/**
 * Colours and measures of every mail, inline because many clients read nothing else, and the dark ones as a style sheet
 * over them. Measured contrast of words on their background is at least 5:1, light and dark.
 * Invariant: every inline colour has a class here that turns it dark.
 */
import type { CSSProperties } from 'react';

export type Tone = 'calm' | 'warn' | 'stop';

const light = {
  page: '#f1f3f6',
  card: '#ffffff',
  ink: '#1c2430',
  soft: '#566071',
  line: '#dde2e9',
  track: '#e1e6ed',
  calm: '#1f7a4d',
  warn: '#b7610b',
  stop: '#b42318',
  link: '#1a5fb4',
};
const dark = {
  page: '#101418',
  card: '#1a2027',
  ink: '#e8ebef',
  soft: '#a9b3bf',
  line: '#323b46',
  track: '#36404c',
  calm: '#45b07c',
  warn: '#e39a42',
  stop: '#ec7066',
  link: '#8ab8f5',
};

export const FONT = 'Helvetica, Arial, sans-serif';

/** Long ids break anywhere rather than widen a page of 320 px; clients that know one of the two do so. */
export const breaking = { wordBreak: 'break-word', wordWrap: 'break-word' } as const satisfies CSSProperties;

export const styles = {
  page: { backgroundColor: light.page },
  card: { backgroundColor: light.card, border: `1px solid ${light.line}` },
  ink: { color: light.ink },
  soft: { color: light.soft },
  rule: { borderTop: `1px solid ${light.line}` },
  track: { backgroundColor: light.track },
  link: { color: light.link },
} as const satisfies Record<string, CSSProperties>;

export const fillOf = (tone: Tone): CSSProperties => ({ backgroundColor: light[tone] });
export const edgeOf = (tone: Tone): CSSProperties => ({ borderTop: `4px solid ${light[tone]}` });

/** For clients that know `prefers-color-scheme` (Apple Mail, Outlook on a Mac, Thunderbird); others keep the light. */
export const DARK_CSS = [
  ':root { color-scheme: light dark; supported-color-schemes: light dark; }',
  `.page { background-color: ${light.page}; }`,
  '@media (prefers-color-scheme: dark) {',
  `.page { background-color: ${dark.page} !important; }`,
  `.card { background-color: ${dark.card} !important; border-color: ${dark.line} !important; }`,
  `.ink { color: ${dark.ink} !important; }`,
  `.soft { color: ${dark.soft} !important; }`,
  `.rule { border-color: ${dark.line} !important; }`,
  `.track { background-color: ${dark.track} !important; }`,
  `.link { color: ${dark.link} !important; }`,
  ...(['calm', 'warn', 'stop'] as const).flatMap((tone) => [
    `.fill-${tone} { background-color: ${dark[tone]} !important; }`,
    `.edge-${tone} { border-top-color: ${dark[tone]} !important; }`,
  ]),
  '}',
].join('\n');
