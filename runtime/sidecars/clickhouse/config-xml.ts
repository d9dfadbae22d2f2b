/**
 * The engine's own configuration: the one user that every chDB session is, and what it is granted. No source of data
 * outside the database is (FILE, URL, REMOTE, S3, …), so `file()`, `url()` and tables on files fail in the engine, for
 * every session and whatever the SQL looks like. There can be no second user: chDB always logs in as `default`.
 */
import { dirname, join } from 'node:path';
import { writeSecret } from '../secret-file.ts';

const USERS = `<clickhouse>
  <profiles><default></default></profiles>
  <quotas><default></default></quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT CHECK, SHOW, SELECT, INSERT, ALTER, CREATE, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, KILL QUERY, MOVE PARTITION BETWEEN SHARDS, SYSTEM, dictGet, CLUSTER ON *.*</query>
        <query>REVOKE SYSTEM SHUTDOWN ON *.*</query>
        <query>GRANT TABLE ENGINE ON *</query>
        <query>REVOKE TABLE ENGINE ON File</query>
        <query>REVOKE TABLE ENGINE ON URL</query>
      </grants>
    </default>
  </users>
</clickhouse>
`;

/** Writes the two files and returns the argument that points chDB at them. */
export function writeEngineConfig(configPath: string): string {
  const users = join(dirname(configPath), 'users.xml');
  writeSecret(users, USERS);
  writeSecret(configPath, `<clickhouse><users_config>${xml(users)}</users_config></clickhouse>\n`);
  return `--config-file=${configPath}`;
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
