/** The contention of eight processes over one state, for a minute per backend. */
process.env.MUSTER_TORTURE_SECONDS ??= '60';
await import('../state/contend.test.ts');
