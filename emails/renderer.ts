/**
 * Renders mails beside the event loop: one thread, started at the first mail and again after it died. Where its compiled
 * file is missing (sources without a build) mails are rendered in the calling thread, slower and with the same words.
 * Invariant: every request is answered once; when the thread ends, what was under way is refused as transient.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { PermanentError, TransientError } from '../core/errors.ts';
import type { Message, RenderedMail } from './message.ts';
import { assertManageUrl, type RenderOptions, renderMail } from './render.ts';
import type { RenderAnswer, RenderRequest } from './render-thread.ts';

/** Mails that may wait for the thread: some 3 seconds of its work and 8 MB of messages. Senders render a few at once. */
export const RENDER_REQUESTS_MAX = 1_000;
/**
 * React and the templates take some 25 MB of heap; a leak ends the thread, not the process. The young generation decides
 * the speed and the memory: 16 MB render a mail in 2.8 ms at 140 MB for the whole thread, 8 MB in 7 ms.
 */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 };

export interface Renderer {
  render(message: Message): Promise<RenderedMail>;
  /** Ends the thread; what is under way is refused. */
  close(): Promise<void>;
}

export interface RendererOptions extends RenderOptions {
  /** The compiled thread; left out: the one of this build. */
  readonly threadFile?: URL;
}

interface Waiting {
  readonly resolve: (mail: RenderedMail) => void;
  readonly reject: (error: Error) => void;
}

export const createRenderer = (options: RendererOptions = {}): Renderer => {
  const { threadFile = compiledThread(), ...renderOptions } = options;
  assertManageUrl(renderOptions.manageUrl);
  const inThread = existsSync(fileURLToPath(threadFile));
  let thread: { readonly worker: Worker; readonly waiting: Map<number, Waiting> } | undefined;
  let closed = false;
  let lastId = 0;

  const start = () => {
    const waiting = new Map<number, Waiting>();
    const worker = new Worker(threadFile, {
      workerData: renderOptions,
      env: { NODE_ENV: 'production' },
      resourceLimits: RESOURCE_LIMITS,
    });
    const ended = (cause?: Error): void => {
      if (thread?.worker === worker) thread = undefined;
      for (const { reject } of waiting.values()) reject(threadEnded(cause));
      waiting.clear();
    };
    worker.on('message', (answer: RenderAnswer) => {
      const request = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ('mail' in answer) request?.resolve(answer.mail);
      else request?.reject(new PermanentError(answer.failed.code, answer.failed.message));
    });
    worker.on('error', ended);
    worker.on('exit', () => ended());
    return { worker, waiting };
  };

  return {
    async render(message) {
      if (closed) throw new TransientError('renderer-closed', 'The renderer is closed: the process is stopping.');
      if (!inThread) return renderMail(message, renderOptions);
      thread ??= start();
      const { worker, waiting } = thread;
      if (waiting.size >= RENDER_REQUESTS_MAX) {
        throw new TransientError('renderer-full', `${RENDER_REQUESTS_MAX} mails wait to be rendered already.`);
      }
      lastId += 1;
      const request: RenderRequest = { id: lastId, message };
      return new Promise((resolve, reject) => {
        worker.postMessage(request);
        waiting.set(request.id, { resolve, reject });
      });
    },
    async close() {
      closed = true;
      await thread?.worker.terminate();
    },
  };
};

const threadEnded = (cause: Error | undefined): TransientError =>
  new TransientError('render-thread-ended', 'The thread that renders mails ended before it could answer.', { cause });

/** Beside this file once compiled; below `dist/` when the sources run. */
const compiledThread = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? '../dist/emails/render-thread.js' : 'render-thread.js', import.meta.url);
