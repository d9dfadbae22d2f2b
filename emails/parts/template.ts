/** What a template is: a component that makes one kind of message a letter. */
import type { ComponentProps, ReactElement } from 'react';
import type { MailKind, Message } from '../message.ts';
import type { Letter } from './letter.tsx';

/** The messages of one kind. */
export type MessageOf<Kind extends MailKind> = Message extends infer One
  ? One extends { readonly kind: MailKind }
    ? Kind extends One['kind']
      ? One
      : never
    : never
  : never;

export interface TemplateProps<Kind extends MailKind> {
  readonly message: MessageOf<Kind>;
  /** A page of the platform where alerts are changed. */
  readonly manageUrl?: string | undefined;
}

/** `PreviewProps` are what react-email's preview server shows it with. */
export interface Template<Kind extends MailKind> {
  (props: TemplateProps<Kind>): ReactElement<ComponentProps<typeof Letter>>;
  PreviewProps: TemplateProps<Kind>;
}
