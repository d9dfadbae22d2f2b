/** No credits are left: what goes on, what is refused, and when the next grant comes. */
import { alertReason } from '../parts/alert-words.ts';
import { Balance } from '../parts/balance.tsx';
import { Breakdown } from '../parts/breakdown.tsx';
import { Letter } from '../parts/letter.tsx';
import { Saving } from '../parts/saving.tsx';
import { nextGrantSentence, uncoveredSentence, WITHOUT_CREDITS } from '../parts/sentences.ts';
import type { Template } from '../parts/template.ts';
import { voiceOf } from '../parts/voice.ts';
import { Words } from '../parts/words.tsx';
import { sampleOf } from '../samples.ts';

const Depleted: Template<'depleted'> = ({ message, manageUrl }) => {
  const { balances, breakdown, crossed, others } = message;
  const voice = voiceOf(message);
  const uncovered = uncoveredSentence(balances.uncovered, voice);
  const subject = balances.nextGrant > 0n ? `, next grant ${voice.dayOf(balances.cycleEnd)}` : '';
  return (
    <Letter
      message={message}
      subject={`Credits are used up${subject}`}
      preview={`${nextGrantSentence(balances, voice)} Own provider keys and free models go on.`}
      heading="Your credits are used up"
      tone="stop"
      why={alertReason(crossed, others, voice)}
      manageUrl={manageUrl}
    >
      <Words>No credits are left, neither monthly nor bonus. {WITHOUT_CREDITS}</Words>
      <Words>{nextGrantSentence(balances, voice)} Bonus credits count from the moment they are bought.</Words>
      {uncovered !== undefined && <Words>{uncovered}</Words>}
      <Balance balances={balances} voice={voice} tone="stop" />
      <Breakdown of={breakdown} voice={voice} />
      <Saving of={breakdown} voice={voice} />
    </Letter>
  );
};

Depleted.PreviewProps = { message: sampleOf('depleted') };
export default Depleted;
