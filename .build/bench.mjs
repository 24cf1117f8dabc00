// Runs the benches as one bundled program, as fast as what is shipped: npm run bench [-- NAME…]
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
// Inside node_modules, so that the bundle finds the native lock.
const folder = join(root, 'node_modules/.muster-tests', `bench-${process.pid}`);
const outfile = join(folder, 'bench.mjs');

await build({
  absWorkingDir: root,
  entryPoints: ['test/bench/run.ts'],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: ['fs-native-extensions'],
  banner: { js: 'const require = process.getBuiltinModule;' },
  logLevel: 'warning',
});
const main = join(folder, 'cli', 'main.js');
const built = spawnSync(process.execPath, [join(root, '.build/build.mjs'), join(folder, 'cli')], {
  stdio: 'inherit',
});
// What the benches leave goes with this folder.
const temporary = join(folder, 'tmp');
mkdirSync(temporary, { recursive: true });
const env = { ...process.env, TMPDIR: temporary };
const node = [...process.execArgv, outfile, main, ...process.argv.slice(2)];
const run =
  built.status === 0 ? spawnSync(process.execPath, node, { stdio: 'inherit', env }) : built;
rmSync(folder, { recursive: true, force: true });
process.exitCode = run.status ?? 1;
