/** How a mail speaks to its reader: numbers and dates by the account's locale, on its wall clock, at the mail's time. */
import type { Message } from '../message.ts';
import { type Dates, datesFor } from './dates.ts';
import { knownLocale, type Numbers, numbersFor } from './numbers.ts';

export type Voice = Numbers & Dates;

/** "Now" is when the mail was decided: its numbers are of that time too. */
export const voiceOf = ({ reader, balances }: Message): Voice => {
  const locale = knownLocale(reader.locale);
  return { ...numbersFor(locale), ...datesFor(locale, reader.timeZone, balances.at) };
};
