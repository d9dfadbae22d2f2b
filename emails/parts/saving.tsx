/** Where another model would have cost less for the same tokens: which server, and how many credits. */
import type { Breakdown, Saving as Found } from '../message.ts';
import { cleanText } from './clean-text.ts';
import { part } from './part.tsx';
import { stacked, titled, wrap } from './text.ts';
import type { Voice } from './voice.ts';
import { Title, Words } from './words.tsx';

interface Props {
  readonly of: Breakdown | undefined;
  readonly voice: Voice;
}

const TITLE = 'Where credits could be saved';

const sentencesOf = ({ serverId, from, to, label, saved, spent }: Found, voice: Voice): string[] => [
  `With ${cleanText(to)} instead of ${cleanText(from)}, server ${cleanText(serverId)} would have saved ${voice.credits(saved)} of the ${voice.amount(spent)} it used in this time, for the same tokens at today’s prices.`,
  `${cleanText(to)}: ${cleanText(label)}.`,
];

const found = ({ of }: Props): Found | undefined =>
  of?.saving !== undefined && of.saving.saved > 0n ? of.saving : undefined;

export const Saving = part<Props>(
  (props) => {
    const saving = found(props);
    if (saving === undefined) return null;
    return (
      <>
        <Title>{TITLE}</Title>
        {sentencesOf(saving, props.voice).map((sentence) => (
          <Words key={sentence}>{sentence}</Words>
        ))}
      </>
    );
  },
  (props) => {
    const saving = found(props);
    if (saving === undefined) return '';
    return stacked([titled(TITLE, '-'), ...sentencesOf(saving, props.voice).map((sentence) => wrap(sentence))]);
  },
);
