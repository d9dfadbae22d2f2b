/** A server used a good part of its daily limit: how much, and when the day ends for it. */
import { Balance } from '../parts/balance.tsx';
import { shortText } from '../parts/clean-text.ts';
import { Letter } from '../parts/letter.tsx';
import { limitReason, ServerDay } from '../parts/server-day.tsx';
import type { Template } from '../parts/template.ts';
import { voiceOf } from '../parts/voice.ts';
import { Words } from '../parts/words.tsx';
import { sampleOf } from '../samples.ts';

const LimitWarning: Template<'limit-warning'> = ({ message, manageUrl }) => {
  const { balances, limit, serverId, until, used } = message;
  const voice = voiceOf(message);
  const left = limit > used ? limit - used : 0n;
  return (
    <Letter
      message={message}
      subject={`Server ${shortText(serverId)}: ${voice.credits(used)} of ${voice.amount(limit)} used today`}
      preview={`${voice.amount(left)} left until ${voice.when(until)}. Calls go on until the limit is reached.`}
      heading="A server is close to its daily limit"
      tone="warn"
      why={limitReason(message, voice)}
      manageUrl={manageUrl}
    >
      <ServerDay of={message} voice={voice} tone="warn" />
      <Words>
        {`${voice.amount(left)} left for this server today. If the limit is reached, its calls with the platform’s key are refused until the count starts anew ${voice.when(until)}.`}
      </Words>
      <Balance balances={balances} voice={voice} tone="calm" />
    </Letter>
  );
};

LimitWarning.PreviewProps = { message: sampleOf('limit-warning') };
export default LimitWarning;
