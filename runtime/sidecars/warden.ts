/**
 * A server that is not our code, made to stop with its keeper however that ends. Between the two stands a shell that
 * waits for the end of its standard input, which the kernel closes with the keeper, and then sends SIGTERM.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/**
 * `$1 $2` with its output on standard error; its pid on standard output. Descriptor 3 is the alive pipe: the server
 * inherits it, the watcher must not. The watcher ends when the server does.
 */
const SCRIPT = `
"$1" "$2" </dev/null >&2 & server=$!
echo $server; exec >&2
exec 4<&0
( while read -r line <&4; do :; done; kill -TERM $server ) 3>&- 2>/dev/null & watcher=$!
exec 0</dev/null 4<&-
wait $server; code=$?
kill $watcher 2>/dev/null
exit $code`;

export type Warden = {
  /** The server's own pid; 0 until it has been started. */
  pid(): number;
  /** Resolves with how it ended: a signal's name or an exit code. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  /** Sends SIGTERM to the server. */
  stop(): void;
};

/** Runs `command argument` in `folder`; output goes to `log`, and the server holds `alive` while it lives. */
export function runUnderWarden(command: string, argument: string, folder: string, log: number, alive: number): Warden {
  const shell: ChildProcess = spawn('/bin/sh', ['-c', SCRIPT, 'warden', command, argument], {
    stdio: ['pipe', 'pipe', log, alive],
    cwd: folder,
  });
  let pid = 0;
  let over = false;
  shell.stdout?.on('data', (text: Buffer) => {
    pid = Number(text);
  });
  shell.stdin?.on('error', () => undefined); // EPIPE: it is gone, and `ended` says so
  const ended = new Promise<string>((resolve) => {
    const end = (how: string) => {
      over = true;
      resolve(how);
    };
    shell.on('error', (error) => end(error.message));
    shell.on('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  });
  return { pid: () => pid, ended, hasEnded: () => over, stop: () => void shell.stdin?.end() };
}
