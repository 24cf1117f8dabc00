import type { Item, Session } from '../generated/declaration-document.ts';
import type { ItemSpec, SessionSpec } from '../model/declaration.ts';
import { duration } from './build-worker.ts';
import { compact } from './compact.ts';

const ITEM_TIMEOUT = 4 * 3600_000;
const WAIT_FOR_WORKERS = 15 * 60_000;

/** A checked session with its defaults. */
export function buildSession(session: Session): SessionSpec {
  const { kind = 'backup', workers = {}, placement = 'preferSameNode', items = [] } = session;
  const { guards = {}, reserve = 0, env = {} } = session;
  return {
    kind,
    workers: compact(workers),
    placement,
    items: items.map(buildItem),
    guards: {
      minItems: guards.minItems ?? 1,
      minWorkers: guards.minWorkers ?? 1,
      waitForWorkers: duration(guards.waitForWorkers) ?? WAIT_FOR_WORKERS,
    },
    reserve,
    env,
  };
}

function buildItem({
  name,
  run,
  forEachVm,
  env = {},
  repository,
  timeout,
  retries = 0,
}: Item): ItemSpec {
  return compact({
    name,
    forEachVm: forEachVm && compact({ ...forEachVm, exclude: forEachVm.exclude ?? [] }),
    run,
    env,
    repository,
    timeout: duration(timeout) ?? ITEM_TIMEOUT,
    retries,
  });
}
