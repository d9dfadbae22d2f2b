/** The week: what each of its seven days cost, the week before to compare, what used it, and how long credits last. */
import { Balance } from '../parts/balance.tsx';
import { Breakdown } from '../parts/breakdown.tsx';
import { DayChart } from '../parts/day-chart.tsx';
import { forecastOrReason } from '../parts/forecast.ts';
import { Letter } from '../parts/letter.tsx';
import { Saving } from '../parts/saving.tsx';
import type { Template } from '../parts/template.ts';
import { type Voice, voiceOf } from '../parts/voice.ts';
import { Title, Words } from '../parts/words.tsx';
import { sampleOf } from '../samples.ts';

const comparison = (total: bigint, before: bigint, voice: Voice): string => {
  if (before === total) return `as much as the week before`;
  const size = voice.amount(total > before ? total - before : before - total);
  return `${size} ${total > before ? 'more' : 'less'} than the week before (${voice.credits(before)})`;
};

const Digest: Template<'digest'> = ({ message, manageUrl }) => {
  const { balances, before, breakdown, days, firstDay } = message;
  const voice = voiceOf(message);
  const total = days.reduce((sum, day) => sum + day, 0n);
  const week = `${voice.day(firstDay)} to ${voice.day(firstDay + days.length - 1)}`;
  return (
    <Letter
      message={message}
      subject={`Your week: ${voice.amount(total)} used, ${week}`}
      preview={`That is ${comparison(total, before, voice)}.`}
      heading="Your week in credits"
      tone="calm"
      why="You get this once a week."
      manageUrl={manageUrl}
    >
      <Words>{`${voice.amount(total)} used from ${week}: ${comparison(total, before, voice)}.`}</Words>
      <Words>{forecastOrReason(balances, voice)}</Words>
      <Title>Day by day</Title>
      <DayChart firstDay={firstDay} days={days} voice={voice} />
      <Balance balances={balances} voice={voice} tone="calm" />
      <Breakdown of={breakdown} voice={voice} />
      <Saving of={breakdown} voice={voice} />
    </Letter>
  );
};

Digest.PreviewProps = { message: sampleOf('digest') };
export default Digest;
