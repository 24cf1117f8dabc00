import { defineConfig } from 'vitest/config';

/** The quick tests of src/plan and src/model, which judge each mutant: `npm run mutation`. */
export default defineConfig({
  test: { include: ['test/plan/**/*.test.ts', 'test/model/**/*.test.ts'], testTimeout: 30_000 },
});
