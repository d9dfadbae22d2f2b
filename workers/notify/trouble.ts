/**
 * Trouble with the mail server that every mail would meet: claiming pauses, longer each time, and one mail at a time
 * tries whether it is over. It burns no mail's attempts. Tells the log when it begins and when it is over.
 */
import type { FlushLog } from '../flush/log.ts';
import type { NotifyLimits } from './limits.ts';
import { backoffMs } from './retry.ts';

export class Trouble {
  private readonly limits: NotifyLimits;
  private readonly log: FlushLog;
  private pauses = 0;
  private untilMs = 0;
  private lastWords = '';

  constructor(limits: NotifyLimits, log: FlushLog) {
    this.limits = limits;
    this.log = log;
  }

  /** Whether the last that was heard of the server is that it cannot be used. */
  get isOn(): boolean {
    return this.pauses > 0;
  }

  /** What was last said of it. */
  get words(): string {
    return this.lastWords;
  }

  /** How much longer nothing is to be sent. */
  get pauseMs(): number {
    return this.isOn ? Math.max(0, this.untilMs - performance.now()) : 0;
  }

  /** `words` are the mailer's: no address and no secret. Mails that were under way together count once. */
  met(words: string): void {
    if (this.pauseMs > 0) return;
    this.lastWords = words;
    if (this.pauses === 0) {
      this.log.warn({ event: 'mail-server-unusable', words }, 'the mail server cannot be used; mails wait for it');
    }
    this.untilMs = performance.now() + backoffMs(this.pauses, this.limits.pauseFirstMs, this.limits.pauseLastMs);
    this.pauses += 1;
  }

  /** The server took a mail, or refused that one. */
  over(): void {
    if (this.pauses > 0) this.log.info({ event: 'mail-server-usable', pauses: this.pauses }, 'mails are sent again');
    this.pauses = 0;
  }
}
