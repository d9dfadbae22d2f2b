/** A purchase was booked: credits, price, reference and date, and the bonus balance afterwards. */
import { Balance } from '../parts/balance.tsx';
import { cleanText } from '../parts/clean-text.ts';
import { Facts } from '../parts/facts.tsx';
import { Letter } from '../parts/letter.tsx';
import type { Template } from '../parts/template.ts';
import { voiceOf } from '../parts/voice.ts';
import { Words } from '../parts/words.tsx';
import { sampleOf } from '../samples.ts';

const Receipt: Template<'receipt'> = ({ message, manageUrl }) => {
  const { balances, purchase } = message;
  const voice = voiceOf(message);
  const price = purchase.price === undefined ? undefined : voice.price(purchase.price);
  return (
    <Letter
      message={message}
      subject={`Receipt: ${voice.amount(purchase.credits)}${price === undefined ? '' : ` for ${price}`}`}
      preview={`Bonus credits now: ${voice.credits(balances.bonus)}. They never expire.`}
      heading={`${voice.amount(purchase.credits)} bought`}
      tone="calm"
      why="You get this because credits were bought for your account."
      manageUrl={manageUrl}
    >
      <Facts
        rows={[
          { name: 'Bonus credits bought', figure: voice.credits(purchase.credits) },
          ...(price === undefined ? [] : [{ name: 'Price', figure: price }]),
          { name: 'Bought', figure: voice.dateTime(purchase.purchasedAt) },
          { name: 'Bonus credits now', figure: voice.credits(balances.bonus) },
        ]}
      />
      {purchase.reference !== undefined && <Words>{`Purchase reference: ${cleanText(purchase.reference)}`}</Words>}
      <Words>Bonus credits never expire and are used after the monthly ones.</Words>
      <Balance balances={balances} voice={voice} tone="calm" />
    </Letter>
  );
};

Receipt.PreviewProps = { message: sampleOf('receipt') };
export default Receipt;
