/** `emails preview`: writes every mail with sample data as HTML and text, and a page that shows them. Needs no engine. */
import { join, resolve } from 'node:path';
import { renderMail } from '../../emails/render.ts';
import { SAMPLES } from '../../emails/samples.ts';
import { type NamedMail, writeMails } from '../emails/write-mails.ts';
import { pathFlag } from '../flags.ts';
import type { Program } from '../program.ts';
import { plural } from '../terminal/format.ts';

/** Under FLOWLY_DATA_DIR. */
const FOLDER_DEFAULT = 'emails-preview';

/** A link shows where it would be; the name is reserved for examples. */
const MANAGE_URL = 'https://example.com/settings/alerts';

interface Flags {
  readonly out?: string;
}

export function registerEmails(program: Program): void {
  const group = program.group('emails', 'look at the e-mails');
  const preview = program.command(
    'preview',
    {
      summary: 'write every e-mail with sample data as HTML and text',
      details:
        'One pair of files a mail and wording, and an index.html that shows all of them, narrow and wide. Files of the ' +
        'same names are replaced, others are left alone.\n--json prints an array of the paths written.',
      examples: ['emails preview', 'emails preview --out /tmp/mails --json'],
    },
    group,
  );
  preview.option(
    '--out <DIR>',
    `folder to write into (default: ${FOLDER_DEFAULT} under FLOWLY_DATA_DIR)`,
    pathFlag('--out'),
  );
  program.action<Flags>(preview, async ({ output, json, config }, { out }) => {
    const folder = resolve(out ?? join(config.dataDir, FOLDER_DEFAULT));
    const files = await writePreview(folder);
    if (json) return output.json(files);
    await output.line(`Wrote ${plural(SAMPLES.length, 'e-mail')} as HTML and text. Open ${files.at(-1)}`);
  });
}

/** The paths written, the page last. */
async function writePreview(folder: string): Promise<string[]> {
  const mails: NamedMail[] = [];
  for (const { name, message } of SAMPLES) {
    mails.push({ name, mail: await renderMail(message, { manageUrl: MANAGE_URL }) });
  }
  return writeMails(folder, 'E-mails with sample data', mails);
}
