// Bundles the program: one entry, a chunk per command, so that `--help` loads little. Into dist/, or the folder named.
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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
const { metafile } = await build({
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
  metafile: true,
});
await writeFile(join(outdir, 'licenses.txt'), await licensesOf(Object.keys(metafile.inputs)));
await chmod(join(outdir, 'main.js'), 0o755);
// Elsewhere node would first read it as CommonJS.
if (process.argv[2] !== undefined)
  await writeFile(join(outdir, 'package.json'), '{ "type": "module" }\n');

/** What the libraries in the bundle ask of whoever passes them on: their licences, word for word. */
async function licensesOf(inputs) {
  const folders = inputs.flatMap((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []);
  const texts = [...new Set(folders)].sort().map(async (folder) => {
    const { name, version, license } = JSON.parse(
      await readFile(join(root, folder, 'package.json'), 'utf8'),
    );
    const file = (await readdir(join(root, folder))).find((each) => /^licen[cs]e/i.test(each));
    if (file === undefined) throw new Error(`${folder} comes without its licence (${license})`);
    return `${name} ${version}\n\n${(await readFile(join(root, folder, file), 'utf8')).trim()}\n`;
  });
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`);
}
