/**
 * The thread that renders mails: takes a message, answers with the mail or with what failed. It exists so that the 2 to
 * 3 ms of a mail, and the second that loading React takes, never hold up the workers' event loop; `renderer.ts` starts it.
 * It is handed no settings beside its own, so no secret is in its reach.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { FlowlyError } from '../core/errors.ts';
import type { Message, RenderedMail } from './message.ts';
import { type RenderOptions, renderMail } from './render.ts';

export interface RenderRequest {
  readonly id: number;
  readonly message: Message;
}

export type RenderAnswer =
  | { readonly id: number; readonly mail: RenderedMail }
  | { readonly id: number; readonly failed: { readonly code: string; readonly message: string } };

const options = workerData as RenderOptions;

const answerTo = async ({ id, message }: RenderRequest): Promise<RenderAnswer> => {
  try {
    return { id, mail: await renderMail(message, options) };
  } catch (error) {
    const code = error instanceof FlowlyError ? error.code : 'mail-not-rendered';
    return { id, failed: { code, message: error instanceof Error ? error.message : String(error) } };
  }
};

parentPort?.on('message', async (request: RenderRequest) => {
  parentPort?.postMessage(await answerTo(request));
});
