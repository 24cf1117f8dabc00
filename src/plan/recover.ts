import type { Declaration } from '../model/declaration.ts';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { Inventory, VmConfig, VmFacts } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import { type Owner, readMarks } from '../model/marks.ts';
import type { Finding } from '../model/plan.ts';
import { emptyState, type State, type WorkerRecord } from '../model/state.ts';
import { putWorker, recordNodes, vmidOwner } from '../model/transitions.ts';
import type { DesiredWorker } from '../model/worker.ts';
import { ctimeOf, identify, marksAgree, type Stranger } from './identity.ts';
import { strangerFindings } from './strangers.ts';
import { attributesTakenIn } from './worker-views.ts';

export interface RecoverInput {
  readonly declaration: Declaration;
  readonly desired: readonly DesiredWorker[];
  /** What is left of the state; undefined: nothing. */
  readonly state: State | undefined;
  readonly inventory: Inventory;
  /** The user's choice where VMs of several states are found. */
  readonly lineage: string | undefined;
}

export interface Recovery {
  /** With what was recovered in it; the state that was given when there was nothing. */
  readonly state: State;
  readonly recovered: readonly {
    readonly worker: string;
    readonly vmid: number;
    readonly node: string;
  }[];
  /** VMs with marks that were not taken in, and why. */
  readonly left: readonly Finding[];
  /** Declared workers without a VM: nothing of them is lost but that they were applied. */
  readonly missing: readonly string[];
  /** Nodes that gave no answer: workers there can't be seen now. */
  readonly silent: readonly string[];
}

/**
 * Rebuilds what a state recorded from the marks of the VMs. Takes in only what bears all marks of this project
 * and environment, is no copy, and is declared. Pure. Throws DiagnosticsError where the marks don't say which
 * state it was.
 */
export function recoverState(input: RecoverInput): Recovery {
  const { declaration, inventory, desired } = input;
  const lineage = input.state?.lineage ?? lineageOf(input);
  const base = input.state ?? emptyState(lineage, declaration.project, declaration.environment);
  const strangers = identify(base, inventory).strangers.filter(
    (stranger) => stranger.kind !== 'ours' || isHere(stranger.owner, declaration),
  );
  let state = base;
  const recovered: { worker: string; vmid: number; node: string }[] = [];
  const left: Finding[] = [];
  for (const stranger of strangers) {
    const taken = takeIn(stranger, strangers, state, input);
    if ('findings' in taken) left.push(...taken.findings);
    else {
      const { vmid, node } = stranger.vm;
      state = putWorker(state, taken.worker, taken.record);
      recovered.push({ worker: taken.worker, vmid, node });
    }
  }
  const known = state;
  return {
    state: recovered.length === 0 ? base : recordNodes(state, nodesOf(inventory)),
    recovered: recovered.sort((a, b) => byCodeUnit(a.worker, b.worker)),
    left,
    missing: desired
      .map(({ name }) => name)
      .filter((name) => lookup(known.workers, name) === undefined),
    silent: Object.entries(inventory.nodes)
      .filter(([, node]) => !node.online || node.unreachable !== undefined)
      .map(([name]) => name)
      .sort(byCodeUnit),
  };
}

type Taken =
  | { readonly worker: string; readonly record: WorkerRecord }
  | { readonly findings: readonly Finding[] };

function takeIn(
  stranger: Stranger,
  all: readonly Stranger[],
  state: State,
  { desired, inventory }: RecoverInput,
): Taken {
  if (stranger.kind !== 'ours') return { findings: strangerFindings(stranger) };
  const { vm, config, owner } = stranger;
  const { worker } = owner;
  const declared = desired.find(({ name }) => name === worker);
  const before = lookup(state.workers, worker);
  const holder = vmidOwner(state, vm.vmid);
  const rivals = all.filter((each) => each.kind === 'ours' && each.owner.worker === worker);
  const leave = (why: string, remedy: string): Taken => ({
    findings: [
      { code: 'not-recovered', worker, vmid: vm.vmid, node: vm.node, message: why, remedy },
    ],
  });
  const name = `vm ${vm.vmid} on ${vm.node}`;
  if (declared === undefined)
    return leave(
      `${name} is ${worker}'s by its marks, and ${worker} is not declared`,
      `Declare ${worker} and recover again, or delete it: muster apply --prune`,
    );
  if (rivals.length > 1)
    return leave(
      `${name} is one of ${rivals.length} VMs with all marks of ${worker}`,
      'Delete those that are not wanted, then recover again.',
    );
  if (before?.vm !== undefined)
    return leave(
      `${name} is ${worker}'s by its marks, and the state records vm ${before.vm.vmid}`,
      'Delete the one that is not wanted.',
    );
  if (holder !== undefined && holder !== worker)
    return leave(
      `${name} is ${worker}'s by its marks, and the state records that id for ${holder}`,
      `Plan first: muster plan shows what became of ${holder}.`,
    );
  const found = { vm, config, uuid: owner.uuid, time: inventory.cluster.time };
  return { worker, record: recoveredRecord(before, declared, found) };
}

/** What a VM shows of a record. `time`: the cluster's, in ms. */
export function recoveredRecord(
  before: WorkerRecord | undefined,
  declared: DesiredWorker,
  {
    vm,
    config,
    uuid,
    time,
  }: {
    readonly vm: VmFacts;
    readonly config: VmConfig;
    readonly uuid: string;
    readonly time: number;
  },
): WorkerRecord {
  const ctime = ctimeOf(config);
  const { file, line } = declared.declaredAt;
  return {
    ...before,
    vm: { vmid: vm.vmid, node: vm.node, uuid, ...(ctime === undefined ? {} : { ctime }) },
    declared: declared.spec,
    declaredIn: `${file}:${line}`,
    observed: attributesTakenIn(config, vm),
    // Nothing on a VM says what it was made from; "unknown" never asks for a new one.
    image: { name: declared.spec.image, source: 'unknown' },
    protect: declared.spec.protect,
    // The guest refuses a fence below those that it has seen; serials never come near the time in seconds.
    fence: Math.max(before?.fence ?? 0, Math.floor(time / 1000)),
    last: before?.last ?? {},
  };
}

function lineageOf({ declaration, inventory, lineage }: RecoverInput): string {
  const found = new Map<string, string[]>();
  for (const [vmid, config] of Object.entries(inventory.configs)) {
    const marks = readMarks(config.values);
    if (marks.card === undefined || !marksAgree(marks) || !isHere(marks.card, declaration))
      continue;
    found.set(marks.card.lineage, [
      ...(found.get(marks.card.lineage) ?? []),
      `vm ${vmid}: ${marks.card.worker}`,
    ]);
  }
  if (lineage !== undefined && found.has(lineage)) return lineage;
  const [only] = found.keys();
  if (lineage === undefined && found.size === 1 && only !== undefined) return only;
  const all = [...found].map(([each, vms]) => `${each}  ${vms.slice(0, 5).join(', ')}`);
  throw new DiagnosticsError([
    found.size === 0
      ? problem(
          'nothing-to-recover',
          'no VM that the token may see bears all marks of this project and environment',
          'Check -e, the endpoint and the token (muster doctor). Where there never was a state, there is nothing to recover: muster plan.',
        )
      : problem(
          'several-lineages',
          lineage === undefined
            ? 'there are VMs of more than one state with the marks of this project and environment'
            : `no VM bears the marks of lineage ${lineage}`,
          'Choose one: muster state recover --lineage L',
          all.sort(byCodeUnit),
        ),
  ]);
}

function isHere(owner: Owner, { project, environment }: Declaration): boolean {
  return owner.project === project && owner.environment === environment;
}

/** The nodes as the state keeps them. */
export function nodesOf(inventory: Inventory): State['nodes'] {
  return Object.fromEntries(
    Object.entries(inventory.nodes)
      .filter(([, { cpus }]) => cpus > 0)
      .map(([name, { cpus, memory }]) => [name, { cpus, memory }]),
  );
}
