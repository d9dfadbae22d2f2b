/** One event in plain English, for people: what it was, what it cost and why, who paid, or where it got stuck. */
import { aboutWords, alertName } from '../alerts/words.ts';
import { cellText, grouped, localTime, showCount } from '../terminal/format.ts';
import { styled } from '../terminal/table.ts';
import type { ChargeShape, PoolShape } from './charge.ts';
import type { FiredShape } from './fired.ts';
import type { ExplainShape, LetterShape, SetOff, VoidShape } from './read.ts';

const TEXT_CHARS_MAX = 160;
const BODY_CHARS_MAX = 600;

/** `timeZone`: of the account, UTC where it is not known. */
export function explainPage(event: ExplainShape, timeZone: string): string {
  const { charge, parked, deadLetters, voids } = event;
  const parts = [styled('bold', headline(event))];
  if (charge !== null) parts.push(...chargeParts(charge, isVoidedEarly(event), timeZone));
  if (parked !== null) parts.push(parkedPart(parked, timeZone));
  if (voids.length > 0)
    parts.push(
      section(
        'Voids',
        voids.map((one) => voidLine(one, charge, timeZone)),
      ),
    );
  if (deadLetters.length > 0) {
    parts.push(
      section(
        'Dead letters of this id',
        deadLetters.flatMap((one) => letterLines(one, timeZone)),
      ),
    );
  }
  return parts.join('\n\n');
}

/** Before it was charged: it had not come yet, or was parked. */
const isVoidedEarly = ({ voids }: ExplainShape): boolean => voids.some(({ detail }) => detail === 'remembered');

function headline(event: ExplainShape): string {
  const { accountId, eventId, outcome, charge, parked, deadLetters } = event;
  const isEarly = isVoidedEarly(event);
  const name = `Event ${eventId} of ${accountId}`;
  switch (outcome) {
    case 'accepted':
      return `${name} was accepted and cost ${grouped(charge!.credits)} credits.`;
    case 'voided':
      if (isEarly) return `${name} was voided before it was charged: it was accepted, and cost nothing.`;
      return `${name} was accepted, cost ${grouped(charge?.credits ?? '0')} credits, and was voided.`;
    case 'parked':
      return `${name} is parked: ${WAITS_FOR[parked!.reason] ?? parked!.reason}. ${isEarly ? 'It is voided, and will cost nothing.' : 'It is charged by itself as soon as it can be.'}`;
    case 'dead-letter':
      return `${name} is a dead letter (${deadLetters.at(-1)!.reason}) and was not charged.${isEarly ? ' It is voided: sent again, it costs nothing.' : ''}`;
    default:
      if (isEarly) return `${name} has not come yet and is voided: it will cost nothing when it comes.`;
      return `${name} is not known: no worker has seen it. If it was queued, \`drain\` waits until all that is queued has been applied.`;
  }
}

const WAITS_FOR: Readonly<Record<string, string>> = {
  'unknown-account': 'its account is not known yet',
  'unknown-model': 'no price version knows its model yet',
};

function chargeParts(charge: ChargeShape & SetOff, isEarly: boolean, timeZone: string): string[] {
  const { serverId, model, modelSent, keySource, occurredAt, localDay, cycle } = charge;
  const attributes = Object.entries(charge.attributes).map(([key, value]) => `${key}=${value}`);
  const call = [
    `at       ${at(occurredAt, timeZone)}, the local day ${localDay}, in cycle ${cycle}`,
    `server   ${serverId}`,
    `model    ${model}${modelSent === model ? '' : `, sent as ${modelSent}`}`,
    `key      ${keySource === 'byok' ? 'the user’s own: no credits are charged' : 'the platform’s'}`,
  ];
  if (attributes.length > 0) call.push(`kept     ${cellText(attributes.join(', '), TEXT_CHARS_MAX)}`);
  return [
    section('The call', call),
    section(`What it cost, by price version ${charge.priceVersion}`, costLines(charge, isEarly)),
    section('Who paid', isEarly ? ['nobody'] : paidLines(charge)),
    section('In the ledger', ledgerLines(charge, timeZone)),
    ...setOffParts(charge),
  ];
}

function costLines({ pools, exactCredits, credits, keySource }: ChargeShape, isEarly: boolean): string[] {
  const lines = pools.filter(({ tokens }) => tokens > 0).map(poolLine);
  if (lines.length === 0) lines.push('no tokens');
  if (isEarly) return [...lines, 'voided: 0 credits'];
  if (keySource === 'byok') return [...lines, 'with the user’s own key: 0 credits'];
  if (exactCredits === null)
    return [...lines, `${grouped(credits)} credits; the content of the version is not recorded`];
  const rounded = exactCredits === credits ? 'exact' : `${grouped(exactCredits)} rounded up to the next millionth`;
  return [...lines, `${grouped(credits)} credits (${rounded})`];
}

function poolLine({ pool, tokens, creditsPer1000, credits }: PoolShape): string {
  const count = `${pool.padEnd(10)} ${showCount(tokens).padStart(13)} tokens`;
  return credits === null ? count : `${count} × ${creditsPer1000} per 1,000 = ${grouped(credits)}`;
}

function paidLines({ split, before, after, cycle, payingCycle }: ChargeShape): string[] {
  const { previousCycle, monthly, bonus, uncovered } = split;
  const lines = [
    `monthly    ${grouped(monthly)}  (${grouped(before.monthly)} → ${grouped(after.monthly)})`,
    `bonus      ${grouped(bonus)}  (${grouped(before.bonus)} → ${grouped(after.bonus)})`,
    `uncovered  ${grouped(uncovered)}`,
  ];
  if (previousCycle !== '0') {
    lines.unshift(`monthly credits of cycle ${payingCycle - 1}, which had expired: ${grouped(previousCycle)}`);
  }
  if (cycle < payingCycle) {
    lines.push(`It came late, when cycle ${payingCycle} was running: what the cycle before did not pay, this one did.`);
  }
  return lines;
}

function ledgerLines({ sequence, position, committedAt, block, payingCycle }: ChargeShape, timeZone: string): string[] {
  return [
    `committed ${at(committedAt, timeZone)}, in cycle ${payingCycle}`,
    `sequence ${sequence}, position ${position}, block ${block}`,
    'Sent again with the same body it is a duplicate and changes nothing.',
  ];
}

/** Nothing of an event that fired no alert and caused no mail: nearly all. */
function setOffParts({ alerts, mails }: SetOff): string[] {
  const said = new Set(alerts.map(({ intentId }) => intentId));
  const lines = [
    ...alerts.map(firedLine),
    ...mails
      .filter(({ intentId }) => !said.has(intentId))
      .map(({ intentId, kind, about }) => `mail ${intentId}: ${kind}, ${aboutWords(kind, about)}`),
  ];
  return lines.length === 0 ? [] : [section('What it set off', lines)];
}

function firedLine(fired: FiredShape): string {
  const { alertId, builtIn, state, threshold, remaining, silent, intentId } = fired;
  const name = `alert ${alertName(alertId, builtIn)}`;
  const numbers = `at ${grouped(threshold)}, with ${grouped(remaining)} left`;
  const mail = intentId === null ? (silent ? ', silently' : '') : `: mail ${intentId}`;
  return `${name} ${state === 'fired' ? 'fired' : 'was armed again'} ${numbers}${mail}`;
}

function parkedPart({ reason, at: since, releasedAt }: NonNullable<ExplainShape['parked']>, timeZone: string): string {
  const lines = [`parked ${at(since, timeZone)}: ${WAITS_FOR[reason] ?? reason}`];
  if (releasedAt !== null) lines.push(`released ${at(releasedAt, timeZone)}, and charged as one that came then`);
  return section('Parking', lines);
}

const WHAT_A_VOID_DID: Readonly<Record<string, string>> = {
  voided: 'voided it',
  remembered: 'voided it before it was charged',
  'already-voided': 'changed nothing, it was voided already',
};

function voidLine(one: VoidShape, charge: ChargeShape | null, timeZone: string): string {
  const { commandId, outcome, detail, reason, at: when, back } = one;
  const did = WHAT_A_VOID_DID[detail] ?? outcome;
  const line = `${at(when, timeZone)}  ${commandId} ${did}: ${cellText(reason, TEXT_CHARS_MAX)}`;
  return back === null ? line : `${line}\n    ${backWords(back, charge)}`;
}

function backWords({ cycle, monthly, bonus, uncovered }: NonNullable<VoidShape['back']>, charge: ChargeShape | null) {
  const words = [`${grouped(monthly)} monthly (cycle ${cycle})`, `${grouped(bonus)} bonus`].join(' and ');
  const parts = [`given back: ${words}`];
  if (uncovered !== '0') parts.push(`${grouped(uncovered)} less is uncovered`);
  if (charge !== null && charge.split.monthly !== monthly)
    parts.push('the monthly credits of a cycle that is over are not');
  return parts.join('; ');
}

function letterLines({ reason, field, detail, body, at: when }: LetterShape, timeZone: string): string[] {
  return [
    `${at(when, timeZone)}  ${reason}${field === '' ? '' : ` (${cellText(field, TEXT_CHARS_MAX)})`}: ${cellText(detail, TEXT_CHARS_MAX)}`,
    `  ${cellText(body, BODY_CHARS_MAX)}`,
  ];
}

const section = (title: string, lines: readonly string[]): string =>
  [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n');

const at = (iso: string, timeZone: string): string => localTime(Date.parse(iso), timeZone);
