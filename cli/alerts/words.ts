/** Alerts, causes and mails in words, for people. Pure. */
import type { Alert } from '../../core/types.ts';
import { cellText, plural, showCredits } from '../terminal/format.ts';

const ID_CHARS_MAX = 40;

/** What an alert waits for: "at 20 % of the grant", "when no credits are left". */
export function conditionOf(alert: Alert): string {
  if (alert.kind === 'percent') return `at ${alert.percent} % of the grant`;
  if (alert.kind === 'runway') return `when they last ${plural(alert.days, 'day')} or less`;
  return alert.credits === 0n ? 'when no credits are left' : `at ${showCredits(alert.credits)} credits`;
}

export const alertName = (id: string, builtIn: boolean): string =>
  builtIn ? `${id} (built in)` : cellText(id, ID_CHARS_MAX);

/** What a mail is about, of `built-in:<id>`, `own:<id>` or a server's id. */
export function aboutWords(kind: string, about: string): string {
  if (about === '') return '';
  if (kind === 'limit-warning' || kind === 'limit-reached') return `server ${cellText(about, ID_CHARS_MAX)}`;
  const [space = '', ...id] = about.split(':');
  return `alert ${alertName(id.join(':'), space === 'built-in')}`;
}

/** Who or what made it happen. */
export function causeWords(by: string, ref: string): string {
  if (by === 'reset') return 'a new cycle or day';
  if (by === 'job') return 'a scheduled job';
  return `${by} ${cellText(ref, ID_CHARS_MAX)}`;
}
