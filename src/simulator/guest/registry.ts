import type { Program, ProgramRegistry } from './program.ts';

/** The programs that `sh -c TEXT NAME/VERSION …` can be: one line each. */
export const programs: ProgramRegistry = new Map<string, Program>([]);
