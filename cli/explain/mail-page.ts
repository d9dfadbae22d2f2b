/** One mail in plain English, for people: what it was decided by and why, and what became of it. */
import { aboutWords } from '../alerts/words.ts';
import { cellText, grouped, localTime, plural } from '../terminal/format.ts';
import { styled } from '../terminal/table.ts';
import type { MailExplainShape, NumbersShape, SupersededShape } from './mail-shape.ts';

const WORDS_CHARS_MAX = 160;

export function mailPage(mail: MailExplainShape, timeZone: string): string {
  const { intentId, accountId, kind, about, status, rule, numbers } = mail;
  const subject = [kind, aboutWords(kind, about)].filter((text) => text !== '').join(', ');
  const parts = [
    styled('bold', `Mail ${intentId} of ${accountId} (${subject}) ${BECAME[status] ?? `is ${status}`}.`),
    section('What it was decided by', causeLines(mail, timeZone)),
    section('Why', [rule]),
  ];
  if (numbers !== null) parts.push(section('The numbers then', numberLines(numbers, timeZone)));
  parts.push(section('What became of it', stepLines(mail, timeZone)));
  return parts.join('\n\n');
}

const BECAME: Readonly<Record<string, string>> = {
  unsent: 'is not sent yet',
  sent: 'was sent',
  failed: 'could not be sent',
  superseded: 'was superseded before it was sent',
  suppressed: 'was not to be sent',
  unknown: 'may have been sent: nobody knows',
};

function causeLines({ cause, decidedAt }: MailExplainShape, timeZone: string): string[] {
  const { by, ref, event, command } = cause;
  const when = `decided ${at(decidedAt, timeZone)}`;
  if (event !== null) {
    const { serverId, model, credits, occurredAt } = event;
    return [when, `event ${ref}: ${grouped(credits)} credits of ${model} on ${serverId}, ${at(occurredAt, timeZone)}`];
  }
  if (command !== null) return [when, `command ${ref}: ${command.type}, ${at(command.at, timeZone)}`];
  if (by === 'reset') return [when, 'a new cycle or day, which began by then'];
  return [when, by === 'job' ? 'a scheduled job' : `${by} ${ref}`];
}

function numberLines(numbers: NumbersShape, timeZone: string): string[] {
  const { remaining, monthly, bonus, granted, uncovered, cycle, cycleEnd, nextGrant, pace } = numbers;
  const lines = [
    `remaining  ${grouped(remaining)}  (monthly ${grouped(monthly)} of ${grouped(granted)}, bonus ${grouped(bonus)})`,
    `uncovered  ${grouped(uncovered)}`,
    `cycle      ${cycle}, until ${at(cycleEnd, timeZone)}; the next is granted ${grouped(nextGrant)}`,
  ];
  if (pace !== null) lines.push(`pace       ${grouped(pace.credits)} in ${plural(pace.days, 'day')}`);
  return lines;
}

function stepLines({ steps, dueAt, attempts, supersededBy }: MailExplainShape, timeZone: string): string[] {
  const lines = steps.map(({ status, at: when, words, attempts: tries }) => {
    const said = words === '' ? '' : `: ${cellText(words, WORDS_CHARS_MAX)}`;
    return `${at(when, timeZone)}  ${status}${tries > 1 ? ` after ${plural(tries, 'attempt')}` : ''}${said}`;
  });
  if (dueAt !== null) {
    lines.push(`due ${at(dueAt, timeZone)}${attempts === 0 ? '' : `, after ${plural(attempts, 'attempt')}`}`);
  }
  return supersededBy === null ? lines : [...lines, ...supersederLines(supersededBy)];
}

/** Of several reasons all that the step tells. */
function supersederLines({ mails, armed, commands }: SupersededShape): string[] {
  return [
    ...armed.map(() => 'in its place: nothing, its alert was armed again'),
    ...mails.map((intentId) => `in the same step mail ${intentId} was decided`),
    ...commands.map(({ id, type }) => `in the same step command ${id} was applied: ${type}`),
  ];
}

const section = (title: string, lines: readonly string[]): string =>
  [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n');

const at = (iso: string, timeZone: string): string => localTime(Date.parse(iso), timeZone);
