/** Credits had ended, the owner was told, and now there are some again: how many, and that calls are allowed. */
import { Balance, remainingOf } from '../parts/balance.tsx';
import { forecastSentence } from '../parts/forecast.ts';
import { Letter } from '../parts/letter.tsx';
import { leftSentence, uncoveredSentence } from '../parts/sentences.ts';
import type { Template } from '../parts/template.ts';
import { voiceOf } from '../parts/voice.ts';
import { Words } from '../parts/words.tsx';
import { sampleOf } from '../samples.ts';

const Restored: Template<'restored'> = ({ message, manageUrl }) => {
  const { balances } = message;
  const voice = voiceOf(message);
  const forecast = forecastSentence(balances, voice);
  const uncovered = uncoveredSentence(balances.uncovered, voice);
  return (
    <Letter
      message={message}
      subject={`Credits are back: ${voice.amount(remainingOf(balances))}`}
      preview={`Calls with the platform’s key are allowed again. ${leftSentence(balances, voice)}`}
      heading="Your credits are back"
      tone="calm"
      why="You get this because you were told that your credits had ended."
      manageUrl={manageUrl}
    >
      <Words>
        Calls with the platform’s key are allowed again, for every server that is under its daily limit.{' '}
        {leftSentence(balances, voice)}
      </Words>
      {forecast !== undefined && <Words>{forecast}</Words>}
      {uncovered !== undefined && <Words>{uncovered}</Words>}
      <Balance balances={balances} voice={voice} tone="calm" />
    </Letter>
  );
};

Restored.PreviewProps = { message: sampleOf('restored') };
export default Restored;
