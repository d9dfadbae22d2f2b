/**
 * Which credits there are and until when: the monthly ones that expire when the cycle ends, the bonus ones that never
 * do, and both together; above them a bar of what is left of the month's. The balance is that of when the mail was
 * decided.
 */
import type { Balances } from '../message.ts';
import { Facts } from './facts.tsx';
import { Meter } from './meter.tsx';
import { part } from './part.tsx';
import type { Tone } from './styles.ts';
import { stacked, titled } from './text.ts';
import type { Voice } from './voice.ts';
import { Title } from './words.tsx';

interface Props {
  readonly balances: Balances;
  readonly voice: Voice;
  readonly tone: Tone;
}

const TITLE = 'Your credits';

const meterOf = ({ balances: { monthly, granted }, voice, tone }: Props) => ({
  value: monthly,
  whole: granted,
  tone,
  label: `${voice.credits(monthly)} of ${voice.amount(granted)} left of this cycle’s grant`,
});

const rowsOf = ({ balances, voice }: Props) => [
  {
    name: 'Monthly credits',
    figure: voice.credits(balances.monthly),
    note:
      balances.monthly > 0n
        ? `expire at the start of ${voice.when(balances.cycleEnd)}`
        : balances.nextGrant > 0n
          ? `${voice.credits(balances.nextGrant)} come ${voice.when(balances.cycleEnd)}`
          : undefined,
  },
  { name: 'Bonus credits', figure: voice.credits(balances.bonus), note: 'never expire, used after the monthly ones' },
  { name: 'Total', figure: voice.credits(balances.monthly + balances.bonus) },
];

export const Balance = part<Props>(
  (props) => (
    <>
      <Title>{TITLE}</Title>
      {props.balances.granted > 0n && <Meter {...meterOf(props)} />}
      <Facts rows={rowsOf(props)} />
    </>
  ),
  (props) =>
    stacked([
      titled(TITLE, '-'),
      props.balances.granted > 0n ? Meter.text(meterOf(props)) : '',
      Facts.text({ rows: rowsOf(props) }),
    ]),
);

/** Monthly plus bonus. */
export const remainingOf = ({ monthly, bonus }: Balances): bigint => monthly + bonus;
