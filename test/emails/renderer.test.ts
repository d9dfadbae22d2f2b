/** The thread that renders: the same mails, started again after it died, bounded, and closed for good. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import type { Message } from '../../emails/message.ts';
import { renderMail } from '../../emails/render.ts';
import { createRenderer, RENDER_REQUESTS_MAX, type Renderer, type RendererOptions } from '../../emails/renderer.ts';
import { SAMPLES } from '../../emails/samples.ts';
import { messageOf } from './samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowly-renderer-'));
const open: Renderer[] = [];
const rendererOf = (options?: RendererOptions): Renderer => {
  const renderer = createRenderer(options);
  open.push(renderer);
  return renderer;
};
/** A thread that answers in its own way. */
const threadOf = (name: string, script: string): { threadFile: URL } => {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, `import { parentPort, threadId } from 'node:worker_threads';\n${script}`);
  return { threadFile: pathToFileURL(path) };
};
const message = messageOf('low-credits');

afterEach(async () => {
  for (const renderer of open.splice(0)) await renderer.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

test('renders in the thread what is rendered here', async () => {
  const options = { manageUrl: 'https://example.com/alerts' };
  const renderer = rendererOf(options);
  const mails = await Promise.all(SAMPLES.map((sample) => renderer.render(sample.message)));
  expect(mails).toEqual(await Promise.all(SAMPLES.map((sample) => renderMail(sample.message, options))));
});

test('without a compiled thread renders here', async () => {
  const renderer = rendererOf({ threadFile: pathToFileURL(join(folder, 'missing.js')) });
  expect(await renderer.render(message)).toEqual(await renderMail(message));
});

test('a message that cannot be rendered is refused, and the next one is not', async () => {
  const renderer = rendererOf();
  const broken = { ...message, reader: { ...message.reader, timeZone: 'Mars/Olympus' } } as Message;
  await expect(renderer.render(broken)).rejects.toMatchObject({ code: 'mail-not-rendered', name: 'PermanentError' });
  expect((await renderer.render(message)).subject).toContain('Credits are low');
});

describe('a thread that dies', () => {
  const dying = `parentPort.on('message', ({ id, message }) => {
    if (message.kind === 'depleted') process.exit(1);
    if (message.kind === 'restored') setImmediate(() => { throw new Error('lost'); });
    if (message.kind === 'low-credits') parentPort.postMessage({ id, mail: { subject: String(threadId) } });
  });`;

  test.each(['depleted', 'restored'] as const)(
    'by %s: what was under way is refused, the next starts another',
    async (kind) => {
      const renderer = rendererOf(threadOf(`dying-${kind}`, dying));
      const { subject: first } = await renderer.render(message);
      const lost = await Promise.allSettled(
        [messageOf('receipt'), messageOf(kind), messageOf('digest')].map(renderer.render),
      );
      for (const one of lost) {
        expect(one).toMatchObject({
          status: 'rejected',
          reason: { code: 'render-thread-ended', name: 'TransientError' },
        });
      }
      const { subject: second } = await renderer.render(message);
      expect(second).not.toBe(first);
    },
  );
});

test('more than can wait is refused', async () => {
  const renderer = rendererOf(threadOf('silent', "parentPort.on('message', () => undefined);"));
  const waiting = Array.from({ length: RENDER_REQUESTS_MAX }, () => renderer.render(message));
  await expect(renderer.render(message)).rejects.toMatchObject({ code: 'renderer-full', name: 'TransientError' });
  const settled = Promise.allSettled(waiting);
  await renderer.close();
  expect(new Set((await settled).map(({ status }) => status))).toEqual(new Set(['rejected']));
});

test('closed is closed, twice too, and before it was used', async () => {
  const renderer = rendererOf();
  await renderer.close();
  await renderer.close();
  await expect(renderer.render(message)).rejects.toMatchObject({ code: 'renderer-closed' });
});
