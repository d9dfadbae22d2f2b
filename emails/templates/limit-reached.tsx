/** A server reached its daily limit: what is refused until when, and what goes on. */
import { Balance } from '../parts/balance.tsx';
import { shortText } from '../parts/clean-text.ts';
import { Letter } from '../parts/letter.tsx';
import { limitReason, ServerDay } from '../parts/server-day.tsx';
import type { Template } from '../parts/template.ts';
import { voiceOf } from '../parts/voice.ts';
import { Words } from '../parts/words.tsx';
import { sampleOf } from '../samples.ts';

const LimitReached: Template<'limit-reached'> = ({ message, manageUrl }) => {
  const { balances, limit, serverId, until } = message;
  const voice = voiceOf(message);
  return (
    <Letter
      message={message}
      subject={`Server ${shortText(serverId)} reached its daily limit of ${voice.amount(limit)}`}
      preview={`Released ${voice.when(until)}. Own provider keys and free models go on.`}
      heading="A server reached its daily limit"
      tone="stop"
      why={limitReason(message, voice)}
      manageUrl={manageUrl}
    >
      <ServerDay of={message} voice={voice} tone="stop" />
      <Words>
        {`Its calls with the platform’s key are refused until it is released at midnight, ${voice.when(until)}. A higher limit releases it at once.`}
      </Words>
      <Words>Its calls with your own provider keys and calls of free models go on, and so do your other servers.</Words>
      <Balance balances={balances} voice={voice} tone="calm" />
    </Letter>
  );
};

LimitReached.PreviewProps = { message: sampleOf('limit-reached') };
export default LimitReached;
