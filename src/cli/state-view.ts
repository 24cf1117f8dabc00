import { isAbsolute, relative } from 'node:path';
import type { State } from '../model/state.ts';
import type { StateView } from '../report/plan/headline.ts';

/** A path below the project is shown relative to it. */
export function stateView(
  where: string,
  root: string,
  state: State | undefined,
  olderFormat?: number,
): StateView {
  const path = isAbsolute(where) ? relative(root, where) : where;
  const shown = path === '' || path.startsWith('..') ? where : path;
  return { where: shown, serial: state?.serial, olderFormat };
}
