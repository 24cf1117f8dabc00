import type { Declaration } from '../model/declaration.ts';
import type { Inventory } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import { readMarks } from '../model/marks.ts';
import { formatSize } from '../model/quantity.ts';
import { describeRun, isExpired } from '../model/runs.ts';
import type { State } from '../model/state.ts';
import { identify, type Stranger } from './identity.ts';
import { strangerFindings } from './strangers.ts';

/** Something that Muster left, or that looks like it, and that no state knows. */
export interface Orphan {
  readonly kind: Stranger['kind'] | 'lock' | 'volume' | 'lease';
  /** "vm 9104 on pve1", "local-lvm:vm-9104-disk-0 on pve1". */
  readonly what: string;
  readonly worker?: string;
  readonly vmid?: number;
  readonly node?: string;
  /** What it was judged by. */
  readonly proof: string;
  /** How to mend it. */
  readonly remedy: string;
  /** To be typed as it is; on the node, as root, when it is not Muster's. */
  readonly command?: string;
}

export interface Leftovers {
  /** Volumes of disk images that bear the id of a guest which no list shows, and whose id is free. */
  readonly volumes: readonly {
    readonly node: string;
    readonly volid: string;
    readonly vmid: number;
    readonly size: number;
  }[];
  /** Of VMs that are locked: those for which a task runs. */
  readonly busy: ReadonlySet<number>;
}

export interface OrphanInput extends Leftovers {
  readonly declaration: Pick<Declaration, 'project' | 'environment'>;
  readonly declared: ReadonlySet<string>;
  readonly state: State;
  readonly inventory: Inventory;
}

/** All of them with their proofs, sorted by what they are. Pure. */
export function findOrphans(input: OrphanInput): readonly Orphan[] {
  const { state, inventory, volumes } = input;
  const strangers = identify(state, inventory).strangers.flatMap(
    (stranger) => strangerOrphan(stranger, input) ?? [],
  );
  return [...strangers, ...leftLocks(input), ...volumes.map(leftVolume), ...deadLeases(input)].sort(
    (a, b) => byCodeUnit(a.kind, b.kind) || byCodeUnit(a.what, b.what),
  );
}

function strangerOrphan(stranger: Stranger, input: OrphanInput): Orphan | undefined {
  const { kind, vm, owner } = stranger;
  const { declaration, declared } = input;
  const isHere =
    owner?.project === declaration.project && owner.environment === declaration.environment;
  if (kind === 'foreign' || ((kind === 'ours' || kind === 'other-lineage') && !isHere))
    return undefined;
  const found = {
    kind,
    what: `vm ${vm.vmid} on ${vm.node}`,
    vmid: vm.vmid,
    node: vm.node,
    ...(owner === undefined ? {} : { worker: owner.worker }),
    proof: proofOf(stranger),
  };
  if (kind === 'other-lineage') return { ...found, ...otherState(stranger.lineage, input) };
  if (kind === 'ours') {
    const adopt = declared.has(owner.worker)
      ? 'The next plan adopts it'
      : 'Declare its worker, and a plan adopts it';
    return {
      ...found,
      remedy: `${adopt}. Or destroy it:`,
      command: `muster orphans ${vm.vmid} --destroy`,
    };
  }
  const [finding] = strangerFindings(stranger);
  return { ...found, remedy: finding?.remedy ?? 'Look at it in the portal.' };
}

/** Every mark, and what it says. */
function proofOf({ config, kind }: Stranger): string {
  const { uuid, serialLineage, tagged, card } = readMarks(config.values);
  const serial = serialLineage === undefined ? 'no serial' : `serial of lineage ${serialLineage}`;
  const named =
    card === undefined
      ? 'no card'
      : `card of ${card.worker} (lineage ${card.lineage}, uuid ${card.uuid})`;
  const marks = `uuid ${uuid ?? 'none'}; ${serial}; ${tagged ? 'tag' : 'no tag'}; ${named}`;
  return `${WORDS[kind]}: ${marks}`;
}

const WORDS: Readonly<Record<Stranger['kind'], string>> = {
  ours: 'all marks agree, and no record names it',
  'half-made': 'only the card, which comes with the first step of a deploy',
  copy: 'the card names another uuid: it was cloned from a worker',
  restore: 'another VM has the same uuid: one of them is a restored copy',
  ambiguous: 'some marks agree and some do not',
  'other-lineage': 'its marks name another state of this project',
  foreign: 'no marks',
};

function otherState(lineage: string, { state }: OrphanInput): Pick<Orphan, 'remedy' | 'command'> {
  const isEmpty = Object.keys(state.workers).length === 0;
  if (isEmpty)
    return {
      remedy: 'If that state is lost:',
      command: `muster state recover --lineage ${lineage}`,
    };
  return {
    remedy: `Find who keeps the state ${lineage}: two states of one project know nothing of each other.`,
  };
}

/** A VM of ours, known or not, that is locked while no task of it runs: its task died. */
function leftLocks({ inventory, state, busy }: OrphanInput): readonly Orphan[] {
  const recorded = new Set(Object.values(state.workers).map(({ vm }) => vm?.vmid));
  return Object.values(inventory.vms).flatMap((vm): readonly Orphan[] => {
    const values = inventory.configs[String(vm.vmid)]?.values ?? {};
    const lock = values.lock ?? vm.lock;
    const { serialLineage, card } = readMarks(values);
    const isOurs = (serialLineage ?? card?.lineage) === state.lineage || recorded.has(vm.vmid);
    if (lock === undefined || !isOurs || busy.has(vm.vmid)) return [];
    const { vmid, node } = vm;
    return [
      {
        kind: 'lock',
        what: `lock (${lock}) on vm ${vmid} on ${node}`,
        vmid,
        node,
        ...(card === undefined ? {} : { worker: card.worker }),
        proof: `it is locked, and no task of vm ${vmid} runs on ${node}`,
        remedy: `Only root can release it, on ${node}:`,
        command: `qm unlock ${vmid}`,
      },
    ];
  });
}

function leftVolume({ node, volid, vmid, size }: Leftovers['volumes'][number]): Orphan {
  return {
    kind: 'volume',
    what: `${volid} (${formatSize(size)}) on ${node}`,
    vmid,
    node,
    proof: `it is named for vm ${vmid}, an id of cluster.vmids, and no guest has that id`,
    remedy: `Volumes bear no marks, so Muster leaves it. If nobody wants it, as root on ${node}:`,
    command: `pvesm free ${volid}`,
  };
}

/** A run that gave no sign of life in time and still holds workers. */
function deadLeases({ state, inventory }: OrphanInput): readonly Orphan[] {
  return Object.values(state.runs)
    .filter((run) => isExpired(run, inventory.cluster.time))
    .flatMap((run): readonly Orphan[] => {
      const held = Object.entries(state.workers)
        .filter(([, { lease }]) => lease?.run === run.id)
        .map(([name]) => name);
      if (held.length === 0) return [];
      return [
        {
          kind: 'lease',
          what: `lease of run ${run.id} on ${held.sort(byCodeUnit).join(', ')}`,
          proof: `${describeRun(run)} gave its last sign of life at ${new Date(run.beat).toISOString()}`,
          remedy: 'The next apply takes over. To release it now:',
          command: `muster state unlock ${run.id}`,
        },
      ];
    });
}
