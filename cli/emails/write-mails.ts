/**
 * Writes mails as files to open: each as HTML and text, and a page that shows all of them. Files of the same names are
 * replaced, others are left alone.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenderedMail } from '../../emails/message.ts';
import { previewPage } from './preview-page.ts';

export interface NamedMail {
  /** Names its files; letters, digits and dashes. */
  readonly name: string;
  readonly mail: RenderedMail;
}

/** The paths written, the page last. */
export async function writeMails(folder: string, title: string, mails: readonly NamedMail[]): Promise<string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files: string[] = [];
  const write = async (name: string, content: string): Promise<void> => {
    const path = join(folder, name);
    await writeFile(path, content);
    files.push(path);
  };
  for (const { name, mail } of mails) {
    await write(`${name}.html`, mail.html);
    await write(`${name}.txt`, mail.text);
  }
  const shown = mails.map(({ name, mail }) => ({ name, subject: mail.subject }));
  await write('index.html', previewPage(title, shown));
  return files;
}
