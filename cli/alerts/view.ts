/** An account's alerts for people: where each stands, what was crossed, and what was mailed. */
import type { AlertStates } from '../../ledger/alerts.ts';
import { cellText, grouped, localTime, showCredits } from '../terminal/format.ts';
import { type Style, styled, table } from '../terminal/table.ts';
import type { AlertsShape, CrossingShape, MailShape } from './shape.ts';
import { aboutWords, alertName, causeWords, conditionOf } from './words.ts';

const WORDS_CHARS_MAX = 60;
const STATE_STYLES: Readonly<Record<string, Style>> = { fired: 'yellow', armed: 'green' };
const STATUS_STYLES: Readonly<Record<string, Style>> = {
  ...{ sent: 'green', failed: 'red', unknown: 'yellow', unsent: 'cyan', superseded: 'dim', suppressed: 'dim' },
};

export function alertsView({ accountId, remaining, crossings, mails }: AlertsShape, states: AlertStates, zone: string) {
  const parts = [
    `${styled('bold', accountId)}  ${grouped(remaining)} credits remain`,
    standingTable(states.alerts),
    crossings.length === 0 ? 'No alert has fired yet.' : crossingTable(crossings, zone),
    mails.length === 0 ? 'No mail was decided yet.' : mailTable(mails, zone),
  ];
  return parts.join('\n\n');
}

const standingTable = (alerts: AlertStates['alerts']): string =>
  table(
    [
      { title: 'ALERT', cell: ({ alert, builtIn }) => alertName(alert.id, builtIn) },
      { title: 'STATE', cell: ({ state }) => coloured(STATE_STYLES, state) },
      { title: 'FIRES', cell: ({ alert }) => conditionOf(alert) },
      {
        ...{ title: 'THRESHOLD NOW', align: 'right' },
        cell: ({ threshold }) => (threshold === undefined ? 'off' : showCredits(threshold)),
      },
    ],
    alerts,
  );

const crossingTable = (crossings: readonly CrossingShape[], zone: string): string =>
  table(
    [
      { title: `CROSSED AT (${zone})`, cell: ({ at }) => shortTime(at, zone) },
      { title: 'ALERT', cell: ({ alertId, builtIn }) => alertName(alertId, builtIn) },
      { title: 'BECAME', cell: ({ state }) => coloured(STATE_STYLES, state) },
      { title: 'THRESHOLD', align: 'right', cell: ({ threshold }) => grouped(threshold) },
      { title: 'REMAINING', align: 'right', cell: ({ remaining }) => grouped(remaining) },
      { title: 'BY', cell: ({ by, ref, silent }) => `${causeWords(by, ref)}${silent ? ', silently' : ''}` },
    ],
    crossings,
  );

const mailTable = (mails: readonly MailShape[], zone: string): string =>
  table(
    [
      { title: `DECIDED AT (${zone})`, cell: ({ decidedAt }) => shortTime(decidedAt, zone) },
      { title: 'MAIL', cell: ({ intentId }) => intentId },
      { title: 'SAYS', cell: ({ kind, about }) => [kind, aboutWords(kind, about)].filter(Boolean).join(', ') },
      { title: 'STATUS', cell: ({ status }) => coloured(STATUS_STYLES, status) },
      { title: 'WHICH IS', cell: (mail) => becameOf(mail, zone) },
    ],
    mails,
  );

/** Since when, or when it is tried next; and in whose words. */
function becameOf({ status, at, dueAt, words, attempts }: MailShape, zone: string): string {
  const tries = attempts > 1 ? [`${attempts} attempts`] : [];
  const next = dueAt === null ? [] : [`due ${shortTime(dueAt, zone)}`];
  const since = status === 'unsent' ? [] : [shortTime(at, zone)];
  return [...since, ...next, ...tries, cellText(words, WORDS_CHARS_MAX)].filter((text) => text !== '').join('  ');
}

const coloured = (styles: Readonly<Record<string, Style>>, text: string): string => {
  const style = styles[text];
  return style === undefined ? text : styled(style, text);
};

const shortTime = (iso: string, zone: string): string => localTime(Date.parse(iso), zone).slice(0, 19);
