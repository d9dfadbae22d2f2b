/**
 * A message rendered: subject, HTML and plain text, all three from one tree of parts. React and the templates are loaded
 * at the first mail, each once: a process that sends none does not pay for them (0.9 s, 70 MB).
 * Invariant: a subject is one line of under 100 characters, whatever a server is called.
 */
import type { ComponentProps, ReactElement } from 'react';
import { PermanentError } from '../core/errors.ts';
import type { MailKind, Message, RenderedMail } from './message.ts';
import { shortText } from './parts/clean-text.ts';
import type { Letter } from './parts/letter.tsx';

export interface RenderOptions {
  /** A page of the platform where alerts are changed: http or https. Left out: no link. */
  readonly manageUrl?: string | undefined;
}

/** More is cut by inboxes, and by some mail servers. */
const SUBJECT_CHARS_MAX = 99;

type LetterElement = ReactElement<ComponentProps<typeof Letter>>;
type AnyTemplate = (props: { readonly message: never; readonly manageUrl: string | undefined }) => LetterElement;

const TEMPLATES: Readonly<Record<MailKind, () => Promise<{ readonly default: AnyTemplate }>>> = {
  'low-credits': () => import('./templates/low-credits.tsx'),
  depleted: () => import('./templates/depleted.tsx'),
  restored: () => import('./templates/restored.tsx'),
  'monthly-reset': () => import('./templates/monthly-reset.tsx'),
  expiring: () => import('./templates/expiring.tsx'),
  'limit-warning': () => import('./templates/limit-warning.tsx'),
  'limit-reached': () => import('./templates/limit-reached.tsx'),
  receipt: () => import('./templates/receipt.tsx'),
  digest: () => import('./templates/digest.tsx'),
};

export const renderMail = async (message: Message, { manageUrl }: RenderOptions = {}): Promise<RenderedMail> => {
  assertManageUrl(manageUrl);
  const [{ render }, { Letter: letter }, { default: template }] = await Promise.all([
    import('react-email'),
    import('./parts/letter.tsx'),
    TEMPLATES[message.kind](),
  ]);
  // The table above pairs kinds and templates; TypeScript cannot follow it through a union.
  const element = template({ message: message as never, manageUrl });
  return {
    subject: shortText(element.props.subject, SUBJECT_CHARS_MAX),
    html: await render(element),
    text: `${letter.text(element.props)}\n`,
  };
};

/** A link that is no web page (`javascript:`, a path) would do harm or nothing in a mail. */
export const assertManageUrl = (url: string | undefined): void => {
  if (url === undefined || (URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol))) return;
  throw new PermanentError('manage-url-invalid', 'The URL where alerts are managed must be one of http or https.', {
    field: 'manageUrl',
  });
};
