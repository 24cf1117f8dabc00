import type { Revision } from '../model/ports.ts';
import type { State } from '../model/state.ts';
import { stateProblems } from './state-text.ts';

/** The revision of a place where no state is. */
export const NO_STATE: Revision = 'none';

/** The digest guards the content; lineage and serial are in it for the checks before a write. */
export function revisionOf(state: State, digest: string): Revision {
  return `${state.lineage}/${state.serial}/${digest}`;
}

/** The digest in a revision; that of a missing state is its whole. */
export function digestIn(revision: Revision): string {
  return revision.slice(revision.lastIndexOf('/') + 1);
}

/** The same place to write to, but a state of another lineage, or with a lower serial, may follow there. */
export function replacing(revision: Revision): Revision {
  return digestIn(revision);
}

/** What would lose somebody's work or make a state that can't be read back is a bug of ours, found here. */
export function requireSuccessor(next: State, basedOn: Revision): void {
  const [lineage, serial] = basedOn.split('/');
  const problems = [
    ...stateProblems(next),
    ...(serial === undefined || lineage === next.lineage ? [] : ['its lineage changed']),
    ...(serial === undefined || next.serial > Number(serial) ? [] : ['its serial did not grow']),
  ];
  if (problems.length > 0)
    throw new Error(`this state must not be written: ${problems.join('; ')}`);
}
