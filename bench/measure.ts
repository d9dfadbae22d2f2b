/** What the benches read off the engines and this process: CPU seconds, bytes of Redis, and waiting with a bound. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { System } from '../cli/system.ts';

const POLL_MS = 20;
/** A run that takes longer is broken. */
const RUN_MS_MAX = 600_000;
const TICKS_PER_SECOND = 100;

/** Seconds of CPU used so far; the worker is this process. */
export interface Cpu {
  readonly worker: number;
  readonly redis: number;
  readonly clickhouse: number;
}

export async function cpuOf(system: System): Promise<Cpu> {
  const { user, system: kernel } = process.cpuUsage();
  const info = await system.redis.info('cpu');
  const seconds = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
  const pid = system.engines.pids.clickhouse;
  return {
    worker: (user + kernel) / 1e6,
    redis: seconds('used_cpu_user') + seconds('used_cpu_sys'),
    clickhouse: pid === undefined ? Number.NaN : await processCpuSeconds(pid),
  };
}

/** Seconds of CPU that another process has used. */
export async function processCpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Microseconds of CPU an event between two readings. */
export function cpuPerEvent(before: Cpu, after: Cpu, events: number): Cpu {
  const micros = (part: keyof Cpu): number => round(((after[part] - before[part]) * 1e6) / events);
  return { worker: micros('worker'), redis: micros('redis'), clickhouse: micros('clickhouse') };
}

export async function usedMemory(redis: System['redis']): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
}

/** Bytes of Redis that one key takes, all of its elements counted. */
export async function keyBytes(redis: System['redis'], key: string): Promise<number> {
  return (await redis.memory('USAGE', key, 'SAMPLES', 0)) ?? 0;
}

export async function until(condition: () => Promise<boolean>, waitMsMax = RUN_MS_MAX): Promise<void> {
  const deadline = performance.now() + waitMsMax;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('The run did not come to its end.');
    await delay(POLL_MS);
  }
}

export const round = (value: number): number => Math.round(value * 100) / 100;
