import type { SessionSpec } from '../model/declaration.ts';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { Inventory } from '../model/inventory.ts';
import { lookup } from '../model/lookup.ts';
import type { Plan } from '../model/plan.ts';
import type { ItemVm, SessionItem } from '../model/session.ts';
import type { SessionPlan } from '../model/session-plan.ts';
import type { State } from '../model/state.ts';
import type { DesiredWorker } from '../model/worker.ts';
import { planSession } from './plan-session.ts';

/** Exit code: something else would be done than what was reviewed. */
const STALE = 3;

/**
 * A saved session as it would go now: its own workers and items, who is leased or in quarantine just now, the nodes
 * on which its VMs are. Throws a DiagnosticsError (exit 3) when one of its VMs is not there any more.
 */
export function confirmSession(
  plan: Plan,
  saved: SessionPlan,
  state: State,
  inventory: Inventory,
): SessionPlan {
  const { workers, contents, repositories, limits } = plan;
  const desired = workers.flatMap((worker) => worker.desired ?? []);
  const allowed = Object.entries(saved.repositories).map(
    ([name, repository]) => [name, { ...repository, env: {} }] as const,
  );
  return planSession({
    session: saved.session,
    spec: specOf(saved, desired),
    items: itemsNow(saved, inventory),
    declaration: { repositories: Object.fromEntries(allowed), cluster: { limits } },
    desired: { workers: desired, contents, repositories },
    plan,
    state,
    inventory,
  });
}

/** Labels chose them already; those that were named must be had still. */
function specOf(
  { kind, placement, reserve, guards, selects }: SessionPlan,
  desired: readonly DesiredWorker[],
): SessionSpec {
  const names = selects.names?.filter((name) => desired.some((worker) => worker.name === name));
  const workers = names === undefined ? {} : { names };
  return { kind, placement, reserve, guards, workers, items: [], env: {} };
}

function itemsNow({ items }: SessionPlan, inventory: Inventory): readonly SessionItem[] {
  const vms = items.flatMap(({ item }) => item.vm ?? []);
  const differences = vms.flatMap((vm) => differenceOf(vm, inventory));
  if (differences.length > 0) throw stale([...new Set(differences)]);
  return items.map(({ item }) => {
    const found = item.vm === undefined ? undefined : lookup(inventory.vms, String(item.vm.vmid));
    if (item.vm === undefined || found === undefined) return item;
    return { ...item, vm: { ...item.vm, node: found.node } };
  });
}

function differenceOf({ vmid, name }: ItemVm, inventory: Inventory): readonly string[] {
  const found = lookup(inventory.vms, String(vmid));
  if (found === undefined)
    return [`vm ${vmid} (${name}) is not there any more, or the token may not see it`];
  if (found.kind !== 'qemu' || found.template)
    return [`vm ${vmid} (${name}) is a ${found.template ? 'template' : 'container'} now`];
  const isOther = found.name !== undefined && found.name !== name;
  return isOther ? [`vm ${vmid} was ${name} when this was planned and is ${found.name} now`] : [];
}

function stale(differences: readonly string[]): DiagnosticsError {
  const detail = [...differences, 'Nothing was powered on.'];
  const remedy = 'Plan the session again, and have that reviewed.';
  const message = 'the plan is stale: VMs that it is about have changed';
  return new DiagnosticsError([problem('stale', message, remedy, detail)], STALE);
}
