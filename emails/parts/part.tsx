/**
 * A part of a mail: a React component that also knows its own words as plain text, made from the same props, so that
 * the two forms of a mail cannot say different things. A template is a tree of parts and of nothing else.
 */
import { Children, Fragment, isValidElement, type ReactElement, type ReactNode } from 'react';

export type Part<Props> = ((props: Props) => ReactNode) & { readonly text: (props: Props) => string };

export const part = <Props,>(html: (props: Props) => ReactNode, text: (props: Props) => string): Part<Props> =>
  Object.assign((props: Props) => html(props), { text });

/** The text of each part below a node, in order; a part that has nothing to say is left out. */
export const textsOf = (node: ReactNode): string[] =>
  Children.toArray(node).flatMap((child) => {
    if (typeof child === 'string' || typeof child === 'number') return [String(child)];
    if (!isValidElement(child)) return [];
    const { type, props } = child as ReactElement<{ readonly children?: ReactNode }>;
    if (type === Fragment) return textsOf(props.children);
    if (typeof type === 'function' && 'text' in type) return [(type as Part<unknown>).text(props)];
    throw new TypeError(`A mail is made of parts: ${String(typeof type === 'string' ? type : 'a component')} is none.`);
  });

/** Words of a sentence: strings, and parts inside of it. */
export const inlineText = (node: ReactNode): string => textsOf(node).join('');
