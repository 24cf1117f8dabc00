// Bundles the program into dist/: one entry, a chunk per command, so that `--help` loads little.
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

// proxmox-api's own engine is never made (src/pve has its own), so its HTTP client stays out: 720 kB, 30 ms or more.
const withoutUndici = {
  name: 'without-undici',
  setup(bundler) {
    bundler.onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'left-out' }));
    bundler.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({
      contents: 'export const fetch = undefined;',
    }));
  },
};

await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  plugins: [withoutUndici],
  chunkNames: 'chunks/[name]-[hash]',
  // Has prebuilt native code, found at run time.
  external: ['fs-native-extensions'],
  banner: {
    js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
