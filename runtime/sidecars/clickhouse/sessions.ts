/**
 * Sessions of chDB on the one data directory. A session runs one query at a time and remembers every SET, so it is only
 * used again for a request that wants exactly the same preparation (database, settings, parameters' names); one that a
 * statement may have changed is thrown away.
 */
import { Session } from 'chdb';
import { IDLE_SESSIONS_MAX } from './limits.ts';

export type Prepared = {
  /** Statements that make a fresh session what is wanted, in order. Part of the key. */
  readonly once: readonly string[];
  /** Statements before each use: values of parameters. Not part of the key. */
  readonly each: readonly string[];
  /** What the values of `each` are for: names that make two sessions differ. */
  readonly key: string;
};

export type Sessions = {
  /** Runs `use` on a session so prepared. `keep` says whether it may be used again. */
  with<T>(prepared: Prepared, keep: boolean, use: (session: Session) => Promise<T>): Promise<T>;
  close(): void;
};

/** Opens the data directory; the first session carries `configArg` and holds the engine open. */
export function openSessions(dataPath: string, configArg: string): Sessions {
  const root = new Session(dataPath, { connectionArgs: [configArg] });
  const idle: { key: string; session: Session }[] = [];
  const open = new Set<Session>([root]);

  function drop(session: Session): void {
    open.delete(session);
    session.close();
  }

  async function fresh(prepared: Prepared): Promise<Session> {
    const session = new Session(dataPath);
    open.add(session);
    try {
      for (const statement of prepared.once) await session.queryAsync(statement);
      return session;
    } catch (error) {
      drop(session);
      throw error;
    }
  }

  return {
    async with(prepared, keep, use) {
      const key = [prepared.key, ...prepared.once].join('\n');
      const at = idle.findLastIndex((entry) => entry.key === key);
      const session = at >= 0 ? (idle.splice(at, 1)[0]?.session as Session) : await fresh(prepared);
      let good = false;
      try {
        for (const statement of prepared.each) await session.queryAsync(statement);
        const result = await use(session);
        good = keep;
        return result;
      } finally {
        if (good) {
          idle.push({ key, session });
          if (idle.length > IDLE_SESSIONS_MAX) drop((idle.shift() as { session: Session }).session);
        } else drop(session);
      }
    },
    close() {
      for (const session of open) if (session !== root) session.close();
      root.close();
    },
  };
}
