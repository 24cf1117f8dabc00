import { assertNever } from '../model/assert-never.ts';
import type { Finding, WorkerPlan } from '../model/plan.ts';
import { heldByItself, heldByState } from './held.ts';
import type { Orphaned, Stranger } from './identity.ts';
import type { Decision, PlanInput } from './plan-input.ts';
import { refusalOf } from './refusals.ts';
import { foreignVolumes, freedVolumes } from './volumes.ts';

/** VMs with marks that no record names, as far as no worker adopts them: findings, or destroyed with `--prune`. */
export function decideStrangers(
  strangers: readonly Stranger[],
  adopted: ReadonlySet<string>,
  taken: ReadonlySet<string>,
  { state, options, inventory }: PlanInput,
): { readonly findings: readonly Finding[]; readonly decisions: readonly Decision[] } {
  const orphans = strangers
    .filter((stranger) => stranger.kind === 'ours')
    .filter(({ owner }) => !adopted.has(owner.uuid) && isHere(owner, state));
  const { prune: isPruning, pruneOnly } = options;
  const prunes = isPruning ? orphans.filter(({ vm }) => pruneOnly?.includes(vm.vmid) ?? true) : [];
  const left: ReadonlySet<Stranger> = new Set(orphans.filter((each) => !prunes.includes(each)));
  return {
    findings: strangers
      .filter((stranger) => stranger.kind !== 'ours' || left.has(stranger))
      .flatMap(strangerFindings),
    decisions: prunes.map((stranger) => prune(stranger, taken, options.force, inventory.haManaged)),
  };
}

function isHere(owner: Orphaned['owner'], state: PlanInput['state']): boolean {
  return owner.project === state.project && owner.environment === state.environment;
}

/** What is said of a VM that bears marks and is not taken in. */
export function strangerFindings(stranger: Stranger): readonly Finding[] {
  const { vm, owner } = stranger;
  const about = { vmid: vm.vmid, node: vm.node };
  const whose = owner === undefined ? 'a worker' : owner.worker;
  switch (stranger.kind) {
    case 'ours':
      return [
        {
          code: 'orphan',
          ...about,
          worker: stranger.owner.worker,
          message: `vm ${vm.vmid} on ${vm.node} is ${whose}'s by its marks, but is neither declared nor recorded`,
          remedy: `Declare ${whose} to adopt it, or delete it: muster apply --prune`,
        },
      ];
    case 'half-made':
      return [halfMade(stranger)];
    case 'copy':
      return [
        {
          code: 'copy',
          ...about,
          message: `vm ${vm.vmid} on ${vm.node} is a copy that somebody made of ${whose}; it is not touched`,
          remedy: 'Remove its SMBIOS serial and the muster line of its description, or delete it.',
        },
      ];
    case 'restore':
    case 'ambiguous':
      return [
        {
          code: stranger.kind,
          ...about,
          message: `vm ${vm.vmid} on ${vm.node} bears marks of ${whose}, but not for certain; it is not touched`,
          remedy: 'Delete it, or give it another SMBIOS uuid, when it is a restored copy.',
        },
      ];
    case 'other-lineage':
    case 'foreign':
      return [];
    default:
      return assertNever(stranger);
  }
}

/** Begun and not finished, by a run whose record is lost or which went on under another id. */
function halfMade({
  vm,
  config,
  owner,
}: Extract<Stranger, { readonly kind: 'half-made' }>): Finding {
  const whose = owner.worker;
  const about = { vmid: vm.vmid, node: vm.node, worker: whose };
  const lock = config.values.lock ?? vm.lock;
  const destroy = `qm destroy ${vm.vmid} --purge`;
  const begun = `vm ${vm.vmid} on ${vm.node} was begun for ${whose} and not finished; no record knows of it`;
  if (lock !== undefined)
    return {
      code: 'needs-root-unlock',
      ...about,
      message: `${begun}, and it is locked (${lock}): its task still runs, or died and left the lock`,
      remedy: `If no task runs: on ${vm.node} as root: qm unlock ${vm.vmid} && ${destroy}`,
    };
  return {
    code: 'half-made',
    ...about,
    message: `${begun}; it is not touched`,
    remedy: `If no deploy of ${whose} runs elsewhere: on ${vm.node} as root: ${destroy}`,
  };
}

function prune(
  stranger: Orphaned,
  taken: ReadonlySet<string>,
  force: readonly string[],
  haManaged: readonly number[],
): Decision {
  const { vm, config, owner } = stranger;
  const name = owner.worker;
  const worker = taken.has(name) ? `${name}-vm-${vm.vmid}` : name;
  const foreign = force.includes(worker) ? [] : foreignVolumes(config, undefined);
  const refusals = foreign.length === 0 ? [] : [refusalOf(worker, vm.vmid, foreign)];
  return { plan: pruning(stranger, worker, haManaged), findings: [], problems: [], refusals };
}

/** The destroy of an orphan, under a worker's name that may be nobody's. */
export function pruning(
  { vm, config, owner }: Orphaned,
  worker: string,
  haManaged: readonly number[],
): WorkerPlan {
  const running = vm.status === 'running';
  const held = heldByState(vm, config, haManaged) ?? heldByItself(vm, config);
  return {
    worker,
    actions: running ? ['shutdown', 'destroy'] : ['destroy'],
    reasons: ['orphan'],
    changes: [],
    ...(held === undefined ? {} : { held }),
    node: vm.node,
    vmid: vm.vmid,
    uuid: owner.uuid,
    frees: freedVolumes(config),
  };
}
