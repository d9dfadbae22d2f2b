/** Runs the command line in this process, with streams and settings of its own. Colours off, nothing inherited. */
import { Writable } from 'node:stream';
import { main } from '../../cli/main.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Collects what is written to it. */
export class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

export async function run(argv: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const [stdout, stderr] = [new Collector(), new Collector()];
  const code = await main(argv, { stdout, stderr, env });
  return { code, stdout: stdout.text, stderr: stderr.text };
}
