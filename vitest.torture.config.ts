import { defineConfig } from 'vitest/config';

/** Long runs of the built program in real time: `npm run torture`. */
export default defineConfig({
  test: {
    include: ['test/torture/**/*.torture.ts'],
    globalSetup: 'test/support/temporary-folder.ts',
    maxWorkers: 1,
    maxConcurrency: 4,
  },
});
