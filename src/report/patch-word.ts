import type { PatchRecord } from '../model/state.ts';

/** "14", "nothing", "skipped", "FAILED", "not run": one word for a table. */
export function patchWord(patch: PatchRecord | undefined): string {
  if (patch === undefined) return 'not run';
  switch (patch.result) {
    case 'patched':
      return String(patch.packages.length);
    case 'nothing':
      return '0';
    case 'skipped':
      return 'skipped';
    case 'failed':
      return 'FAILED';
  }
}
