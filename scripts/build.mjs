/** Builds dist/ anew, changed or not. `npm run setup` builds only when a source has changed. */
import { readyBuild } from './lib/build.mjs';
import { script } from './lib/common.mjs';
import { once } from './lib/once.mjs';

await script(() => once(readyBuild));
