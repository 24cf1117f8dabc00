import { isExpired } from '../../src/model/runs.ts';
import type { House } from '../support/house.ts';
import { isWorker } from './witness.ts';

/**
 * What must hold at rest: one VM for each record and none besides, all powered off, nothing begun and not ended,
 * no lease, no run, no session that is not over. A dead run that had begun nothing may stay recorded: an apply
 * without anything to do writes nothing, and the next one that writes drops it.
 */
export function outOfOrder(house: House): readonly string[] {
  const { workers, runs, sessions } = house.state();
  const wrong: string[] = [];
  // A clone that was cut off with its node keeps a lock that only root can take away: reported, and nobody's.
  const vms = Object.values(house.cluster.world.vms).filter(
    (vm) => isWorker(vm) && vm.config.lock !== 'clone',
  );
  const recorded = Object.values(workers).flatMap(({ vm }) => (vm === undefined ? [] : [vm.vmid]));
  const there = vms.map(({ vmid }) => vmid);
  if (JSON.stringify(there.sort()) !== JSON.stringify(recorded.sort()))
    wrong.push(`VMs ${there}, recorded ${recorded}`);
  const names = vms.map(({ config }) => config.name);
  if (new Set(names).size < names.length) wrong.push(`a worker has two VMs: ${names}`);
  for (const { vmid, power } of vms)
    if (power.status !== 'stopped') wrong.push(`VM ${vmid} was left running`);
  const now = house.clock.now();
  const living = Object.values(runs).filter((run) => !isExpired(run, now));
  const isHeld = (run: string): boolean => living.some(({ id }) => id === run);
  for (const [name, { lease, doing }] of Object.entries(workers))
    if (doing !== undefined || (lease !== undefined && isHeld(lease.run)))
      wrong.push(`${name} is still held: ${JSON.stringify({ lease, doing })}`);
  if (living.length > 0) wrong.push(`runs are left: ${JSON.stringify(living)}`);
  for (const { kind, id } of Object.values(sessions))
    if (kind === 'live') wrong.push(`session ${id} is still live`);
  return wrong;
}
