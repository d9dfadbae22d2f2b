/** Why there is such a mail: the rule of its kind in sentences, with the numbers of its decision. Pure. */
import type { AlertState } from '../../core/thresholds.ts';
import { rearmLevel } from '../../core/thresholds.ts';
import { alertInSnapshot, crossedIn, type Snapshot, type SnapshotAlert } from '../alerts/snapshot.ts';
import { alertName, conditionOf } from '../alerts/words.ts';
import { cellText, localTime, showCredits } from '../terminal/format.ts';
import { dayText } from './mail-shape.ts';

const NAME_CHARS_MAX = 60;

/** `states`: where the alerts that it names stand now, by name; the others are gone. */
export function ruleOf(
  kind: string,
  numbers: Snapshot | undefined,
  timeZone: string,
  states: ReadonlyMap<string, AlertState>,
): string {
  if (numbers === undefined) return 'The history does not say with what numbers it was decided.';
  const [first, ...others] = crossedIn(numbers);
  if (first !== undefined) return alertRule(first, others, numbers, states);
  const server = `server ${cellText(numbers.serverId ?? '', NAME_CHARS_MAX)}`;
  const use = `The calls of ${server} had cost ${showCredits(numbers.used ?? 0)} of ${showCredits(numbers.limit ?? 0)} credits a day`;
  switch (kind) {
    case 'limit-warning':
      return `${use}: at ${numbers.warn} % of the limit its owner is warned, once a day.`;
    case 'limit-reached':
      return `${use}: it is limited until ${localTime(numbers.until ?? 0, timeZone)}, the next midnight there, or until its limit is raised.`;
    case 'restored':
      return `Its owner had been told by mail that no credits were left; now ${showCredits(numbers.monthly + numbers.bonus)} remain.`;
    case 'monthly-reset':
      return `Cycle ${numbers.ended?.cycle ?? 0} ended with ${showCredits(numbers.expired ?? 0)} monthly credits unused, which expired, and cycle ${numbers.cycle} was granted ${showCredits(numbers.granted)}: each reset that grants or expires something is told.`;
    case 'expiring':
      return `${showCredits(numbers.monthly)} of ${showCredits(numbers.granted)} monthly credits were unused, and expire when the cycle ends at ${localTime(numbers.stop, timeZone)}: told once a cycle.`;
    case 'receipt':
      return `Each purchase has a receipt; ${showCredits(numbers.purchase?.credits ?? 0)} credits were bought.`;
    case 'digest':
      return `The week from ${dayText(numbers.firstDay ?? 0)} on has had usage: each such week is told once.`;
    default:
      return `A mail of the kind ${kind}.`;
  }
}

function alertRule(
  first: SnapshotAlert,
  others: readonly SnapshotAlert[],
  { monthly, bonus }: Snapshot,
  states: ReadonlyMap<string, AlertState>,
): string {
  const sentences = [
    `Alert ${alertName(first.id, first.builtIn)} fires when what remains falls to its threshold or below: ${levelOf(first)}.`,
    `It was armed, and ${showCredits(monthly + bonus)} remained: it fired. ${rearmWords(first)}`,
    stateWords(states.get(nameOf(first))),
  ];
  if (others.length > 0) {
    const names = others.map((one) => `${alertName(one.id, one.builtIn)} (${levelOf(one)})`);
    sentences.push(`Crossed in the same step, and told by the same mail: ${names.join(', ')}.`);
  }
  return sentences.join(' ');
}

const levelOf = (one: SnapshotAlert): string => {
  const alert = alertInSnapshot(one);
  const words = conditionOf(alert);
  const isItsLevel = alert.kind === 'absolute';
  return isItsLevel ? words : `${words}, ${showCredits(one.threshold)} credits then`;
};

const rearmWords = ({ threshold }: SnapshotAlert): string =>
  `It is armed again, and can fire again, with ${showCredits(rearmLevel(BigInt(threshold)))} or more: the threshold and the larger of 1 credit and 5 % of it.`;

const stateWords = (state: AlertState | undefined): string =>
  state === undefined ? 'It has been replaced since.' : `It is ${state} now.`;

/** As `about` names an alert. */
export const nameOf = ({ id, builtIn }: { readonly id: string; readonly builtIn: boolean }): string =>
  `${builtIn ? 'built-in' : 'own'}:${id}`;
