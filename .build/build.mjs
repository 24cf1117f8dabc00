// Bundles the program: one entry, a chunk per command, so that `--help` loads little. Into dist/, or the folder named.
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** What is imported by a library and never called by us: an empty module, with the names that are asked for. */
const LEFT_OUT = {
  // proxmox-api's own engine is never made (src/pve has its own): its HTTP client is 720 kB, 30 ms or more.
  undici: 'export const fetch = undefined;',
  // commander starts other programs as subcommands, which we have none of: 5 ms of each `--help`.
  'node:child_process': 'export const spawn = undefined;',
};

const withoutUnused = {
  name: 'without-unused',
  setup(bundler) {
    bundler.onResolve({ filter: /^(undici|node:child_process)$/ }, ({ path, importer }) => {
      if (importer.includes('node_modules')) return { path, namespace: 'left-out' };
      throw new Error(`${importer} imports ${path}, which the bundle leaves out`);
    });
    bundler.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({
      contents: LEFT_OUT[path],
    }));
  },
};

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = process.argv[2] ?? join(root, 'dist');

await rm(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: ['src/main.ts'],
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  plugins: [withoutUnused],
  chunkNames: 'chunks/[name]-[hash]',
  // Has prebuilt native code, found at run time.
  external: ['fs-native-extensions'],
  // Bundled CommonJS requires node's own modules only; making a real require would cost 4 ms of each `--help`.
  banner: { js: 'const require = process.getBuiltinModule;' },
  logLevel: 'warning',
});
await chmod(join(outdir, 'main.js'), 0o755);
// Elsewhere node would first read it as CommonJS.
if (process.argv[2] !== undefined)
  await writeFile(join(outdir, 'package.json'), '{ "type": "module" }\n');
