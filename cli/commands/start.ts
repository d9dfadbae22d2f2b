/** `start`: runs the workers until it is told to stop. */
import { EXIT_OK } from '../errors.ts';
import { aborted, untilInterrupted } from '../interrupt.ts';
import type { Invocation, Program } from '../program.ts';
import { haltError, runSchedule, runService } from '../service.ts';
import { type System, withSystem } from '../system.ts';

export function registerStart(program: Program): void {
  const command = program.command('start', {
    summary: 'run the workers until told to stop',
    details:
      'Takes jobs from the queues usage and accounts, keeps the balances, writes the history to ClickHouse, and runs the ' +
      'scheduled jobs (see jobs list). ' +
      'SIGTERM or Ctrl-C stops it after what it has taken; a second one stops it at once, and nothing is lost either way.',
    examples: ['start', 'start --debug'],
    logLevel: 'info',
  });
  program.action(command, (invocation) => start(invocation));
}

function start(invocation: Invocation): Promise<number> {
  const { output, json, log } = invocation;
  return withSystem(invocation, async (system) => {
    const service = await runService(system);
    const atOnce = new AbortController();
    const force = (): void => {
      service.force();
      atOnce.abort();
    };
    const onSecondRequest = (): void => {
      output.say('flowly-credits: stopping at once; what was taken is taken again at the next start.');
      force();
    };
    const schedule = await runSchedule(system, atOnce.signal).catch(async (error: unknown) => {
      force();
      await service.stop();
      throw error;
    });
    const stop = async (): Promise<void> => {
      await schedule.close();
      await service.stop();
    };
    return untilInterrupted(async (signal) => {
      output.say(`flowly-credits: ready. ${listeningTo(system)}`);
      if (json) await output.json(readyJson(system));
      const reason = await Promise.race([
        aborted(signal),
        service.halted.then(haltError),
        aborted(system.lost).then(() => haltError(system.lost.reason)),
      ]);
      if (reason instanceof Error) {
        // What halted it stands before its workers too: there is nothing to wait for.
        force();
        // The reason is what counts; what its end met is told beside it.
        await stop().catch((error: unknown) => {
          log.error({ event: 'stop-failed', err: error }, 'the service did not stop cleanly after it was halted');
        });
        throw reason;
      }
      output.say('flowly-credits: stopping; what was taken is being finished.');
      await stop();
      return EXIT_OK;
    }, onSecondRequest);
  });
}

function listeningTo({ ledger, config, engines }: System): string {
  const { pids } = engines;
  const engine = (url: string | undefined, name: string, pid: number | undefined): string =>
    url === undefined ? `embedded ${name} (pid ${pid ?? '?'}) under ${config.dataDir}` : `the given ${name}`;
  const redis = engine(config.redisUrl, 'Redis', pids.redis);
  const clickhouse = engine(config.clickhouseUrl, 'ClickHouse', pids.clickhouse);
  return `Queues usage and accounts, prefix ${ledger.keys.tag}; ${redis}; ${clickhouse}.`;
}

function readyJson({ ledger, config, engines }: System): object {
  return {
    ready: true,
    queues: ['usage', 'accounts'],
    prefix: ledger.keys.tag,
    redis: config.redisUrl === undefined ? 'embedded' : 'external',
    clickhouse: config.clickhouseUrl === undefined ? 'embedded' : 'external',
    pids: engines.pids,
  };
}
