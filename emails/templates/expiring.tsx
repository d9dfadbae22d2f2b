/** Monthly credits are about to expire unused: how many and when, what stays, what comes next. */
import { Balance } from '../parts/balance.tsx';
import { Breakdown } from '../parts/breakdown.tsx';
import { forecastSentence } from '../parts/forecast.ts';
import { Letter } from '../parts/letter.tsx';
import { nextGrantSentence } from '../parts/sentences.ts';
import type { Template } from '../parts/template.ts';
import { voiceOf } from '../parts/voice.ts';
import { Words } from '../parts/words.tsx';
import { sampleOf } from '../samples.ts';

const Expiring: Template<'expiring'> = ({ message, manageUrl }) => {
  const { balances, breakdown } = message;
  const voice = voiceOf(message);
  const forecast = forecastSentence(balances, voice);
  const bonus =
    balances.bonus === 0n
      ? 'Bonus credits never expire; you have none now.'
      : `Your ${voice.credits(balances.bonus)} bonus credits stay: they never expire.`;
  return (
    <Letter
      message={message}
      subject={`${voice.credits(balances.monthly)} monthly credits expire ${voice.dayOf(balances.cycleEnd)}`}
      preview={`${bonus} ${nextGrantSentence(balances, voice)}`}
      heading="Monthly credits are about to expire"
      tone="warn"
      why="You get this because monthly credits are left shortly before your cycle ends."
      manageUrl={manageUrl}
    >
      <Words>
        {`${voice.credits(balances.monthly)} of ${voice.credits(balances.granted)} monthly credits are not used yet. What is left of them expires ${voice.when(balances.cycleEnd)}.`}
      </Words>
      <Words>
        {bonus} {nextGrantSentence(balances, voice)}
      </Words>
      {forecast !== undefined && <Words>{forecast}</Words>}
      <Balance balances={balances} voice={voice} tone="warn" />
      <Breakdown of={breakdown} voice={voice} />
    </Letter>
  );
};

Expiring.PreviewProps = { message: sampleOf('expiring') };
export default Expiring;
