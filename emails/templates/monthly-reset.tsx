/** A cycle ended and the next one began: what was granted, used and expired, what came, and what used it. */
import { Balance } from '../parts/balance.tsx';
import { Breakdown } from '../parts/breakdown.tsx';
import { Facts } from '../parts/facts.tsx';
import { Letter } from '../parts/letter.tsx';
import { Saving } from '../parts/saving.tsx';
import type { MessageOf, Template } from '../parts/template.ts';
import { type Voice, voiceOf } from '../parts/voice.ts';
import { Title, Words } from '../parts/words.tsx';
import { sampleOf } from '../samples.ts';

/** Monthly credits of the ended cycle: what did not expire was used. */
const factsOf = ({ ended, expired }: MessageOf<'monthly-reset'>, voice: Voice) => [
  { name: 'Granted', figure: voice.credits(ended.granted) },
  { name: 'Used', figure: voice.credits(ended.granted > expired ? ended.granted - expired : 0n) },
  { name: 'Expired unused', figure: voice.credits(expired) },
  ...(ended.uncovered === 0n
    ? []
    : [{ name: 'Not covered', figure: voice.credits(ended.uncovered), note: 'recorded, not collected later' }]),
];

const MonthlyReset: Template<'monthly-reset'> = ({ message, manageUrl }) => {
  const { balances, breakdown, ended, expired } = message;
  const voice = voiceOf(message);
  const isFirst = ended.cycle < 1; // before it there was no grant, and no start
  const came =
    balances.granted === 0n
      ? 'Your plan has no monthly credits for the new cycle.'
      : `${voice.amount(balances.granted)} came for cycle ${voice.number(balances.cycle)}, which ends ${voice.when(balances.cycleEnd)}.`;
  const gone = isFirst
    ? 'It is the first one.'
    : expired === 0n
      ? 'Nothing expired with the old cycle.'
      : `${voice.amount(expired)} of the old cycle expired unused.`;
  return (
    <Letter
      message={message}
      subject={`New cycle: ${voice.credits(balances.granted)} monthly credits until ${voice.dayOf(balances.cycleEnd)}`}
      preview={`${gone} Bonus credits: ${voice.credits(balances.bonus)}, unchanged by the reset.`}
      heading="A new cycle has begun"
      tone="calm"
      why="You get this at the start of each cycle."
      manageUrl={manageUrl}
    >
      <Words>{came}</Words>
      <Words>{gone} The reset leaves bonus credits as they are.</Words>
      <Balance balances={balances} voice={voice} tone="calm" />
      {!isFirst && <Title>{`Monthly credits of cycle ${voice.number(ended.cycle)}`}</Title>}
      {!isFirst && <Words>{`${voice.date(ended.start)} to ${voice.date(balances.cycleStart)}`}</Words>}
      {!isFirst && <Facts rows={factsOf(message, voice)} />}
      <Breakdown of={breakdown} voice={voice} />
      <Saving of={breakdown} voice={voice} />
    </Letter>
  );
};

MonthlyReset.PreviewProps = { message: sampleOf('monthly-reset') };
export default MonthlyReset;
