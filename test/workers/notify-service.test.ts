/**
 * The service as `start` runs it, on engines of its own with the real templates and a real mail server, killed again and
 * again: a small run of `npm run bench -- mail-kills`.
 */
import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { benchMailKills } from '../../bench/mail-kills.ts';
import { withSystem } from '../../cli/system.ts';
import { readConfig } from '../../runtime/config.ts';
import { createLog } from '../../runtime/log.ts';
import { makeTestFolder } from '../cli/data.ts';

test('200 accounts each cross two thresholds while the service is killed -9 three times: every mail comes', async () => {
  const built = spawnSync(process.execPath, ['scripts/setup.mjs', '--no-redis'], { encoding: 'utf8' });
  expect([built.status, built.stderr]).toEqual([0, expect.any(String)]);
  const folder = makeTestFolder();
  try {
    const config = readConfig(folder.env);
    const log = createLog({ level: 'error' });
    const seed = Math.floor(Math.random() * 2 ** 31);
    const found = await withSystem({ config, log }, (system) =>
      benchMailKills(system, { accounts: 200, kills: 3, seed }),
    );
    expect(found).toMatchObject({ seed, missing: 0, wrong: 0, ok: true });
    expect(found.decided).toBeGreaterThanOrEqual(300);
    expect(found.doubled).toBeLessThanOrEqual(found.unknown);
  } finally {
    await folder.remove();
  }
});
