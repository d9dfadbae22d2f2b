/** `emails preview`: every sample as a pair of files, a page that shows them, and no engine started for it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { SAMPLES } from '../../emails/samples.ts';
import { run } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowly-emails-'));
const env = { FLOWLY_DATA_DIR: join(folder, 'data') };
afterAll(() => rmSync(folder, { recursive: true }));

const NAMES = [...SAMPLES.flatMap(({ name }) => [`${name}.html`, `${name}.txt`]), 'index.html'];

describe('emails preview', () => {
  test('writes under the data directory, and says where', async () => {
    const { code, stdout, stderr } = await run(['emails', 'preview'], env);
    const page = join(folder, 'data', 'emails-preview', 'index.html');
    expect({ code, stderr, stdout }).toEqual({
      code: 0,
      stderr: '',
      stdout: `Wrote ${SAMPLES.length} e-mails as HTML and text. Open ${page}\n`,
    });
    expect(readdirSync(join(folder, 'data'))).toEqual(['emails-preview']);
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
  });

  test('--json prints the files, whole ones, and leaves others alone', async () => {
    const out = join(folder, 'out');
    await run(['emails', 'preview', '--out', out], env);
    writeFileSync(join(out, 'mine.txt'), 'mine');
    const { code, stdout } = await run(['emails', 'preview', '--out', out, '--json'], env);
    const files = JSON.parse(stdout) as string[];
    expect(code).toBe(0);
    expect(files.map((file) => basename(file))).toEqual(NAMES);
    for (const file of files) expect(readFileSync(file, 'utf8').length).toBeGreaterThan(300);
    expect(existsSync(join(out, 'mine.txt'))).toBe(true);
  });

  test('the page shows every mail narrow, wide and as text', () => {
    const page = readFileSync(join(folder, 'out', 'index.html'), 'utf8');
    for (const { name } of SAMPLES) {
      expect(page.split(`src="${name}.html"`)).toHaveLength(3);
      expect(page).toContain(`src="${name}.txt"`);
    }
  });

  test('a folder that is none', async () => {
    expect(await run(['emails', 'preview', '--out', ''], env)).toMatchObject({ code: 2, stdout: '' });
    writeFileSync(join(folder, 'file'), '');
    const { code, stderr } = await run(['emails', 'preview', '--out', join(folder, 'file')], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^flowly-credits: .+\n$/);
  });
});
