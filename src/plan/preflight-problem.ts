import type { PreflightLine } from '../model/plan.ts';

/** What stands against one worker; which one is added where it is known. */
export type Problem = Omit<PreflightLine, 'worker'>;

export function fail(code: string, message: string, remedy?: string): Problem {
  return { result: 'fail', code, message, ...(remedy === undefined ? {} : { remedy }) };
}
