/** Sentences that several mails say in the same words. */
import type { Balances } from '../message.ts';
import { remainingOf } from './balance.tsx';
import type { Voice } from './voice.ts';

/** "34.5 credits are left: 14.5 monthly and 20 bonus." */
export const leftSentence = (balances: Balances, voice: Voice): string => {
  const remaining = remainingOf(balances);
  if (remaining === 0n) return 'No credits are left, neither monthly nor bonus.';
  const { monthly, bonus } = balances;
  return `${voice.amount(remaining)} ${voice.credits(remaining) === '1' ? 'is' : 'are'} left: ${voice.credits(monthly)} monthly and ${voice.credits(bonus)} bonus.`;
};

/** When the next grant comes and how much it is; a plan may have none. */
export const nextGrantSentence = ({ nextGrant, cycleEnd }: Balances, voice: Voice): string =>
  nextGrant === 0n
    ? 'Your plan has no monthly credits, so none come by themselves.'
    : `The next grant of ${voice.amount(nextGrant)} comes ${voice.when(cycleEnd)}.`;

/** What works without credits, and what does not. */
export const WITHOUT_CREDITS =
  'Calls with your own provider keys and calls of free models go on. Calls with the platform’s key are refused until there are credits again.';

export const AT_ZERO =
  'When none are left, calls with the platform’s key are refused; calls with your own provider keys and calls of free models go on.';

/** Use that nothing covered, if there was any: undefined otherwise. */
export const uncoveredSentence = (uncovered: bigint, voice: Voice): string | undefined =>
  uncovered === 0n
    ? undefined
    : `${voice.amount(uncovered)} of use in this cycle found no credits left; that is recorded and not collected later.`;
