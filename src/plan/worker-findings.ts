import { assertNever } from '../model/assert-never.ts';
import { nicIndexes } from '../model/attributes/rows-network.ts';
import type { ActionKind, Finding } from '../model/plan.ts';
import type { Located } from './identity.ts';
import type { WorkerCase, WorkerContext } from './plan-input.ts';

/** Other hardware that somebody may add by hand. Drives and NICs are looked at apart. */
const DEVICE = /^(hostpci|usb|serial|parallel|audio|virtiofs)\d+$/;

/** What is worth knowing about one worker without being an action: reported, never repaired. */
export function workerFindings(
  worker: WorkerCase,
  located: Located,
  actions: readonly ActionKind[],
  context: WorkerContext,
): readonly Finding[] {
  const about = { worker: worker.name };
  return [
    ...placeFindings(worker, located),
    ...(located.kind === 'ours' ? deviceFindings(worker, located) : []),
    ...(located.kind === 'ours' ? haFindings(worker, located, actions, context) : []),
    ...(worker.record?.last.test?.result === 'failed' && worker.desired !== undefined
      ? [
          {
            code: 'test-failed',
            ...about,
            message: `the last test of ${worker.name} failed${failedAt(worker)}`,
            remedy: `Mend it, then: muster test ${worker.name}`,
          },
        ]
      : []),
  ];
}

function placeFindings({ name, record }: WorkerCase, located: Located): readonly Finding[] {
  switch (located.kind) {
    case 'gone': {
      const other = located.recycled;
      const vmid = record?.vm?.vmid;
      if (other === undefined || vmid === undefined) return [];
      const what = `${other.kind === 'lxc' ? 'container' : 'VM'} ${other.name ?? 'without a name'}`;
      return [
        {
          code: 'recycled-vmid',
          worker: name,
          vmid,
          node: other.node,
          message: `vm ${vmid}, once of ${name}, is another one now: ${what}; it is not touched`,
        },
      ];
    }
    case 'ambiguous':
      return [
        {
          code: 'ambiguous',
          worker: name,
          vmid: located.vm.vmid,
          node: located.vm.node,
          message: `vm ${located.vm.vmid} can't be told for certain to be ${name}: ${located.why}; nothing is written`,
          remedy: `Compare smbios1 and description of both; delete the copy, or: muster state rm ${name}`,
        },
      ];
    case 'unfinished': {
      const { vmid, node } = located.vm;
      return [
        {
          code: 'needs-root-unlock',
          worker: name,
          vmid,
          node,
          message: `vm ${vmid} is locked (${located.lock}): its task still runs, or died and left the lock`,
          remedy: `If no task runs: on ${node} as root: qm unlock ${vmid} && qm destroy ${vmid} --purge`,
        },
      ];
    }
    case 'none':
    case 'assumed':
    case 'adoptable':
    case 'ours':
    case 'node-gone':
    case 'unreachable':
    case 'invisible':
      return [];
    default:
      return assertNever(located);
  }
}

/** Devices, snapshots and hook scripts that Muster did not make stay where they are. */
function deviceFindings(
  { name, record, desired }: WorkerCase,
  { vm, config }: Extract<Located, { kind: 'ours' }>,
): readonly Finding[] {
  const observed = record?.observed;
  const { values } = config;
  const about = { worker: name, vmid: vm.vmid, node: vm.node };
  const declaredNics = Math.max(
    desired?.spec.networks.length ?? 0,
    record?.declared.networks.length ?? 0,
  );
  const nics = nicIndexes({ config })
    .filter((index) => index >= declaredNics)
    .map((index) => `net${index}`);
  const seen = Array.isArray(observed?.drives) ? observed.drives : undefined;
  const drives = Object.keys(values).filter(
    (key) =>
      seen !== undefined &&
      /^((scsi|virtio|sata|ide|unused)\d+)$/.test(key) &&
      !seen.includes(key) &&
      !/cdrom|cloudinit/.test(values[key] ?? ''),
  );
  const others = Object.keys(values).filter(
    (key) =>
      DEVICE.test(key) &&
      observed !== undefined &&
      !(`options.${key}` in observed) &&
      desired?.spec.options?.[key] === undefined,
  );
  const devices = [...nics, ...drives, ...others].sort();
  return [
    ...devices.map((key) => ({
      code: 'undeclared-device',
      ...about,
      message: `${key} of vm ${vm.vmid} (${name}) was added outside of Muster: ${values[key] ?? ''}`,
      remedy: 'Remove it in PVE, or declare it.',
    })),
    ...(values.parent === undefined
      ? []
      : [
          {
            code: 'snapshots',
            ...about,
            message: `vm ${vm.vmid} (${name}) has snapshots, the last is ${values.parent}`,
          },
        ]),
    ...(values.hookscript === undefined
      ? []
      : [
          {
            code: 'hook-script',
            ...about,
            message: `vm ${vm.vmid} (${name}) runs the hook script ${values.hookscript}`,
          },
        ]),
  ];
}

function haFindings(
  { name }: WorkerCase,
  { vm }: Extract<Located, { kind: 'ours' }>,
  actions: readonly ActionKind[],
  { inventory }: WorkerContext,
): readonly Finding[] {
  const managed = inventory.haManaged.includes(vm.vmid) || vm.haState !== undefined;
  // With actions it is held, which says the same.
  if (!managed || actions.length > 0) return [];
  return [
    {
      code: 'ha-managed',
      worker: name,
      vmid: vm.vmid,
      node: vm.node,
      message: `vm ${vm.vmid} (${name}) is under HA or replication: PVE may start or move it`,
      remedy: 'Remove its HA or replication entry.',
    },
  ];
}

function failedAt({ record }: WorkerCase): string {
  const check = record?.last.test?.checks.find(({ result }) => result === 'fail');
  return check === undefined ? '' : ` at "${check.id}": ${check.seen}`;
}
