/**
 * Credits fell to an alert's level, or will end before the reset at the present pace: what is left and until when, how
 * long it lasts, what used it, and which alert says so.
 */
import { alertReason } from '../parts/alert-words.ts';
import { Balance, remainingOf } from '../parts/balance.tsx';
import { Breakdown } from '../parts/breakdown.tsx';
import { forecastOrReason } from '../parts/forecast.ts';
import { Letter } from '../parts/letter.tsx';
import { Saving } from '../parts/saving.tsx';
import { AT_ZERO, leftSentence, nextGrantSentence } from '../parts/sentences.ts';
import type { MessageOf, Template } from '../parts/template.ts';
import { type Voice, voiceOf } from '../parts/voice.ts';
import { Words } from '../parts/words.tsx';
import { sampleOf } from '../samples.ts';

const subjectOf = ({ balances, crossed }: MessageOf<'low-credits'>, voice: Voice): string => {
  const { runsOutAtMs } = balances.forecast;
  if (crossed.alert.kind === 'runway' && runsOutAtMs !== undefined) {
    return `Credits may end ${voice.dayOf(runsOutAtMs)}, before the reset on ${voice.dayOf(balances.cycleEnd)}`;
  }
  const left = `Credits are low: ${voice.credits(remainingOf(balances))} left`;
  return balances.nextGrant > 0n ? `${left}, next grant ${voice.dayOf(balances.cycleEnd)}` : left;
};

const LowCredits: Template<'low-credits'> = ({ message, manageUrl }) => {
  const { balances, breakdown, crossed, others } = message;
  const voice = voiceOf(message);
  return (
    <Letter
      message={message}
      subject={subjectOf(message, voice)}
      preview={`${leftSentence(balances, voice)} ${forecastOrReason(balances, voice)}`}
      heading={crossed.alert.kind === 'runway' ? 'Your credits may end before the reset' : 'Your credits are low'}
      tone="warn"
      why={alertReason(crossed, others, voice)}
      manageUrl={manageUrl}
    >
      <Words>{leftSentence(balances, voice)}</Words>
      <Words>{forecastOrReason(balances, voice)}</Words>
      <Words>
        {nextGrantSentence(balances, voice)} {AT_ZERO}
      </Words>
      <Balance balances={balances} voice={voice} tone="warn" />
      <Breakdown of={breakdown} voice={voice} />
      <Saving of={breakdown} voice={voice} />
    </Letter>
  );
};

LowCredits.PreviewProps = { message: sampleOf('low-credits') };
export default LowCredits;
