/** How this program starts another file of itself: from `dist/` as `.js`, from the source tree as `.ts` (Node strips the types). */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The path of `./name` beside `importMetaUrl`, with the extension that file itself runs under. */
export function siblingProgram(importMetaUrl: string, name: string): string {
  return fileURLToPath(new URL(`${name}${extname(importMetaUrl)}`, importMetaUrl));
}

/** Options of `node` for such a child: `node:sqlite` and type stripping warn on every start otherwise. */
export const NODE_OPTIONS_OF_CHILD = ['--disable-warning=ExperimentalWarning'];

const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'] as const;

/**
 * The environment of such a child: the few variables a program needs, and `more`. It outlives the command that starts
 * it, so nothing of that command's own (passwords, NODE_OPTIONS of a test runner, its TZ) may come along.
 */
export function childEnv(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const inherited = INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return { ...Object.fromEntries(inherited), ...more };
}
