/** When the credits end at the present pace, in a sentence that says what it rests on; and when nothing can be said. */
import { FORECAST_DAYS_MIN } from '../../core/forecast.ts';
import type { Balances } from '../message.ts';
import type { Voice } from './voice.ts';

const basisOf = (days: number, spent: bigint, voice: Voice): string =>
  `At the pace of the last ${days} days (${voice.pace(spent / BigInt(days))} credits a day)`;

/** Undefined: there is too little data, or nothing is left to forecast. */
export const forecastSentence = (
  { forecast, cycleEnd, monthly, bonus }: Balances,
  voice: Voice,
): string | undefined => {
  const { days, spent, runsOutAtMs } = forecast;
  if (spent === undefined || days === 0 || monthly + bonus === 0n) return undefined;
  if (spent === 0n) return `No credits were used in the last ${days} days.`;
  const basis = basisOf(days, spent, voice);
  if (runsOutAtMs === undefined) return `${basis}, credits last until the reset (${voice.dayOf(cycleEnd)}).`;
  const ahead = voice.daysBetween(runsOutAtMs, cycleEnd);
  const before = ahead === 0 ? 'on the day of the reset' : `${voice.count(ahead, 'day')} before the reset`;
  return `${basis}, credits end ${voice.dayOf(runsOutAtMs)}, ${before}.`;
};

/** The same, or why there is none. */
export const forecastOrReason = (balances: Balances, voice: Voice): string =>
  forecastSentence(balances, voice) ??
  `There is no forecast yet: it takes ${FORECAST_DAYS_MIN} full days of use to know a pace.`;
