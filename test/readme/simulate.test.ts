/** The README's script, as it stands: it prints what the README says. */
import { afterAll, expect, test } from '@jest/globals';
import { makeTestFolder } from '../cli/data.ts';
import { run } from '../cli/run.ts';
import { blocksUnder } from './blocks.ts';

const folder = makeTestFolder();
afterAll(() => folder.remove());

test('the script under "What would have happened"', async () => {
  const [script, command, answers] = blocksUnder('What would have happened');
  expect(command!.text).toBe('npx flowly-credits simulate story.ndjson\n');
  const file = folder.file('story.ndjson', script!.text.trimEnd().split('\n'));
  expect(await run(['simulate', file])).toEqual({ code: 0, stdout: answers!.text, stderr: '' });
});
