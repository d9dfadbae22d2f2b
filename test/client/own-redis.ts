/**
 * A Redis of a test's own on a socket in a folder of its own, so that it can be stopped, filled and started again; and
 * a way to it that can be cut without Redis noticing more than a lost connection.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect as netConnect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findRedis } from '../../runtime/sidecars/redis-binary.ts';

/** Far above what a start takes on a busy machine. */
const START_MS_MAX = 60_000;

export class OwnRedis {
  readonly socket: string;
  private readonly folder = mkdtempSync(join(tmpdir(), 'flowly-own-redis-'));
  private child: ChildProcess | undefined;
  private readonly clients: Redis[] = [];

  constructor() {
    this.socket = join(this.folder, 'redis.sock');
  }

  /** Starts it, with what it has on disk, and resolves when it answers. */
  async start(): Promise<void> {
    const { command } = await findRedis();
    const always = ['--port', '0', '--unixsocket', this.socket, '--dir', this.folder, '--save', ''];
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'];
    this.child = spawn(command, [...always, ...durable], { stdio: 'ignore' });
    const deadline = performance.now() + START_MS_MAX;
    while (!(await this.answers())) {
      if (performance.now() > deadline) throw new Error('The test’s own Redis did not start.');
    }
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** A connection to it that waits for it; closed by `remove`. */
  client(path = this.socket): Redis {
    const client = new Redis({ path, maxRetriesPerRequest: null, retryStrategy: () => 50 });
    client.on('error', () => undefined); // away now and then
    this.clients.push(client);
    return client;
  }

  async remove(): Promise<void> {
    for (const client of this.clients) client.disconnect();
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async answers(): Promise<boolean> {
    const probe = new Redis({
      path: this.socket,
      lazyConnect: true,
      retryStrategy: () => null,
      enableReadyCheck: false,
    });
    probe.on('error', () => undefined);
    try {
      await probe.connect();
      return /^(PONG|NOAUTH)/.test(await probe.ping().catch((error: Error) => error.message));
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return false;
    } finally {
      probe.disconnect();
    }
  }
}

/** A socket that leads to another one, until it is cut. */
export class Line {
  readonly socket: string;
  private readonly target: string;
  private readonly ends = new Set<Socket>();
  private server: Server | undefined;
  /** Answers no longer come through; what is asked still does. */
  isMute = false;
  /** Answers that did not come through. */
  swallowed = 0;

  constructor(target: string) {
    this.target = target;
    this.socket = `${target}.line`;
  }

  async open(): Promise<void> {
    this.isMute = false;
    const server = createServer((near) => {
      const far = netConnect(this.target);
      for (const end of [near, far]) {
        this.ends.add(end);
        end.on('error', () => undefined);
        end.on('close', () => {
          this.ends.delete(end);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.on('data', (chunk) => {
        if (this.isMute) this.swallowed += 1;
        else near.write(chunk);
      });
    });
    this.server = server;
    rmSync(this.socket, { force: true });
    server.listen(this.socket);
    await once(server, 'listening');
  }

  /** Cuts what is connected, and lets nobody in. */
  async cut(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const end of this.ends) end.destroy();
    await closed;
  }
}
