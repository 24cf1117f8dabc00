import { defineConfig } from 'vitest/config';

/** Needs Chromium, so it is a run of its own: npm run test:browser. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.browser.ts'],
    globalSetup: '../support/temporary-folder.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
