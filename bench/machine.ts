/** What a bench ran on: printed with every figure, because figures without it say nothing. */
import { availableParallelism, cpus, totalmem } from 'node:os';

export function machine(): { cpu: string; cores: number; memoryGiB: number; node: string } {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
}
