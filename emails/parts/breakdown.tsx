/**
 * Who used the credits of a span of time: servers and models, the largest first, and what the ones not listed used.
 * Says nothing at all when nothing is known or nothing was used.
 */
import type { Share, Breakdown as Used } from '../message.ts';
import { cleanText } from './clean-text.ts';
import { part } from './part.tsx';
import { stacked, titled, wrap } from './text.ts';
import { Usage } from './usage-table.tsx';
import type { Voice } from './voice.ts';
import { Title, Words } from './words.tsx';

interface Props {
  readonly of: Used | undefined;
  readonly voice: Voice;
}

const TITLE = 'What used the credits';

/** Dates stand inside of the sentence: some locales end one with a dot of their own. */
const sentenceOf = (used: Used, voice: Voice): string =>
  `From ${voice.dayOf(used.from)} to ${voice.dayOf(Math.max(used.from, used.to - 1))}, ${voice.count(used.events, 'call')} used ${voice.amount(used.credits)}.`;

/** The shares, and what is missing to the whole as a last one. */
const sharesOf = (shares: readonly Share[], { credits, events }: Used): Share[] => {
  const rest = shares.reduce((left, share) => left - share.credits, credits);
  const calls = shares.reduce((left, share) => left - share.events, events);
  const named = shares.map((share) => ({ ...share, name: cleanText(share.name) }));
  return rest > 0n && calls > 0 ? [...named, { name: 'All others', credits: rest, events: calls }] : named;
};

const tablesOf = (used: Used, voice: Voice) =>
  [
    { head: 'Server', shares: sharesOf(used.servers, used), voice },
    { head: 'Model', shares: sharesOf(used.models, used), voice },
  ].filter(({ shares }) => shares.length > 0);

const isSilent = (used: Used | undefined): used is undefined => used === undefined || used.events === 0;

export const Breakdown = part<Props>(
  ({ of, voice }) =>
    isSilent(of) ? null : (
      <>
        <Title>{TITLE}</Title>
        <Words>{sentenceOf(of, voice)}</Words>
        {tablesOf(of, voice).map((table) => (
          <Usage key={table.head} {...table} />
        ))}
      </>
    ),
  ({ of, voice }) =>
    isSilent(of)
      ? ''
      : stacked([titled(TITLE, '-'), wrap(sentenceOf(of, voice)), ...tablesOf(of, voice).map(Usage.text)]),
);
