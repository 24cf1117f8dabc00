import { defineConfig } from 'vitest/config';

/**
 * The quick tests that see src/plan and src/model, which judge each mutant: `npm run mutation` (some two hours on
 * two cores; `-- --mutate src/plan/held.ts` for one file). Stories on the simulator and random declarations would
 * kill more, at a hundred times the time.
 */
export default defineConfig({
  test: {
    include: [
      'test/{plan,model,fields,report}/**/*.test.ts',
      'test/declare/{load-declaration,errors,schemas,files-and-environments,insert-worker,examples}.test.ts',
      'test/session/{schedule,plan-session,session-state,expand-items,choose-workers}.test.ts',
      'test/state/{ledger,take-workers,start-run}.test.ts',
      'test/cases/cases.test.ts',
    ],
    exclude: ['test/plan/properties.test.ts'],
    testTimeout: 30_000,
    // Modules are loaded once for all files of a mutant's run.
    isolate: false,
  },
});
