/** The README's examples: the fenced blocks under one heading, as they stand. */
import { readFileSync } from 'node:fs';

export interface Block {
  /** `ts`, `sh`. */
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks between a heading of the second level and the next one. */
export function blocksUnder(heading: string): Block[] {
  const [, section] = readFileSync('README.md', 'utf8').split(`\n## ${heading}\n`);
  const [own] = (section ?? '').split('\n## ');
  return [...own!.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, text]) => ({
    language: language!,
    text: text!,
  }));
}

/** A TypeScript block's file name is its first line's comment. */
export function fileNameOf({ text }: Block): string {
  const name = /^\/\/ (\S+\.ts)\n/.exec(text)?.[1];
  if (name === undefined) throw new Error(`A block of TypeScript does not begin with its file's name: ${text}`);
  return name;
}
