/** A server's day against its limit: the full id, a bar, and used of limit in words. */
import type { Message } from '../message.ts';
import { cleanText } from './clean-text.ts';
import { Meter } from './meter.tsx';
import { part } from './part.tsx';
import type { Tone } from './styles.ts';
import type { MessageOf } from './template.ts';
import { stacked, wrap } from './text.ts';
import type { Voice } from './voice.ts';
import { Words } from './words.tsx';

interface Props {
  readonly of: MessageOf<'limit-reached'>;
  readonly voice: Voice;
  readonly tone: Tone;
}

const serverLine = ({ serverId }: Props['of']): string => `Server ${cleanText(serverId)}`;

const meterOf = ({ of: { used, limit }, voice, tone }: Props) => ({
  value: used,
  whole: limit === 0n ? used : limit,
  tone,
  label: `${voice.credits(used)} of ${voice.amount(limit)} used today`,
});

export const ServerDay = part<Props>(
  (props) => (
    <>
      <Words>{serverLine(props.of)}</Words>
      <Meter {...meterOf(props)} />
    </>
  ),
  (props) => stacked([wrap(serverLine(props.of)), Meter.text(meterOf(props))]),
);

/** Why a mail about a limit came: the limit's own, or its warning's. */
export const limitReason = ({ kind, limit, warnAtPercent }: MessageOf<'limit-reached'>, voice: Voice): string => {
  const warning = warnAtPercent === undefined ? '' : ` and a warning at ${voice.percent(warnAtPercent)} of it`;
  const what = kind === ('limit-warning' satisfies Message['kind']) ? warning : '';
  return `You get this because this server has a daily limit of ${voice.amount(limit)}${what}. You can change limits in the settings of your account.`;
};
