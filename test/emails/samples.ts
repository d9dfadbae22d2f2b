/** Messages for tests of e-mails: a sample changed where a test needs it, and what a reader sees of a mail. */
import type { MailKind, Message } from '../../emails/message.ts';
import type { MessageOf } from '../../emails/parts/template.ts';
import { sampleOf } from '../../emails/samples.ts';

export const credits = (amount: number): bigint => BigInt(Math.round(amount * 1e6));

/** The first sample of a kind with other balances, another reader, other facts of its kind. */
export const messageOf = <Kind extends MailKind>(
  kind: Kind,
  change: {
    readonly reader?: Partial<Message['reader']>;
    readonly balances?: Partial<Message['balances']>;
    readonly facts?: Partial<MessageOf<Kind>>;
  } = {},
): Message => {
  const sample = sampleOf(kind) as Message;
  return {
    ...sample,
    reader: { ...sample.reader, ...change.reader },
    balances: { ...sample.balances, ...change.balances },
    ...change.facts,
  } as Message;
};

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#x27;': "'",
};

/** The words of the HTML that a person sees, every blank a plain one; the preview is a part of its own. */
export const seen = (html: string): { readonly body: string; readonly preview: string } => {
  const hidden = /<div[^>]*data-skip-in-text[^>]*>([^<]*)<div>[^<]*<\/div><\/div>/;
  const words = (part: string): string =>
    part
      .replace(/<head>.*<\/head>/s, '')
      .replace(/<!--.*?-->/gs, '')
      .replace(/<[^>]+>/g, ' ')
      .replace(/&[a-z0-9#]+;/g, (entity) => ENTITIES[entity] ?? entity)
      .replace(/\s+/g, ' ')
      .trim();
  return { body: words(html.replace(hidden, '')), preview: words(hidden.exec(html)?.[1] ?? '') };
};

/** Text with every run of blanks as one plain blank. */
export const onOneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
