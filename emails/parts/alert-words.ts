/** What a low-credit alert waits for, in words, and why it made a mail come. */
import type { CrossedAlert } from '../message.ts';
import { cleanText } from './clean-text.ts';
import type { Voice } from './voice.ts';

/** Follows "fires": "at or below 20% of the monthly grant (20 credits)". */
const conditionOf = ({ alert, threshold }: CrossedAlert, voice: Voice): string => {
  if (alert.kind === 'percent') {
    return `at or below ${voice.percent(alert.percent)} of the monthly grant (${voice.amount(threshold)})`;
  }
  if (alert.kind === 'runway') return `when credits would end within ${voice.count(alert.days, 'day')}`;
  return threshold === 0n ? 'when no credits are left' : `at or below ${voice.amount(threshold)}`;
};

const nameOf = ({ alert, builtIn }: CrossedAlert): string =>
  builtIn ? 'a built-in alert that every account has' : `your alert ${cleanText(alert.id)}`;

/** "You get this because your alert team-25 fires at or below 25% of the monthly grant (25 credits)." */
export const alertReason = (crossed: CrossedAlert, others: readonly CrossedAlert[], voice: Voice): string => {
  const aside = (alert: CrossedAlert): string => `${nameOf(alert)}, ${conditionOf(alert, voice)}`;
  const also = others.length === 0 ? '' : ` Crossed at the same time: ${others.map(aside).join('; ')}.`;
  const all = [crossed, ...others];
  const change = all.every(({ builtIn }) => builtIn)
    ? 'You can add alerts of your own'
    : 'You can change your own alerts';
  return `You get this because ${nameOf(crossed)} fires ${conditionOf(crossed, voice)}.${also} ${change} in the settings of your account.`;
};
