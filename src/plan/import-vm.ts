import { configWrite } from '../model/attributes/config-write.ts';
import { diffAttributes } from '../model/attributes/diff-attributes.ts';
import { attributesOf } from '../model/attributes/read-attributes.ts';
import type { Declaration } from '../model/declaration.ts';
import { DiagnosticsError } from '../model/diagnostic.ts';
import type { Inventory, VmConfig, VmFacts } from '../model/inventory.ts';
import type { Json } from '../model/json.ts';
import { having, lookup } from '../model/lookup.ts';
import { MARK_TAG, type Owner } from '../model/marks.ts';
import { DEFAULT_PLAN_OPTIONS } from '../model/plan.ts';
import type { PveParams } from '../model/pve-port.ts';
import type { State, WorkerRecord } from '../model/state.ts';
import { putWorker, recordNodes } from '../model/transitions.ts';
import type { Attributes, DesiredWorker, WorkerFields } from '../model/worker.ts';
import { planWorker } from './decide.ts';
import { expand } from './expand.ts';
import { expandFactsOf } from './expand-facts.ts';
import { identify } from './identity.ts';
import { mergeFields } from './merge-fields.ts';
import type { Decision } from './plan-input.ts';
import { nodesOf, recoveredRecord } from './recover.ts';
import { fieldsShown, nicCount } from './vm-fields.ts';
import { attributesFound } from './worker-views.ts';

export interface ImportInput {
  readonly worker: string;
  readonly vm: VmFacts;
  readonly config: VmConfig;
  readonly declaration: Declaration;
  readonly state: State;
  readonly inventory: Inventory;
  /** The SMBIOS uuid that the VM gets, or has already when an earlier import was cut short. */
  readonly uuid: string;
}

/** The worker as declared (undefined: it is not), and what would have to be declared for its VM to stay as it is. */
export function declaredFor(input: Omit<ImportInput, 'uuid'>): {
  readonly desired: DesiredWorker | undefined;
  readonly lacking: WorkerFields;
} {
  const { worker, vm, declaration } = input;
  const desired = desiredWith({}, input);
  let lacking: WorkerFields =
    desired === undefined ? { node: vm.node, ...soleImage(declaration) } : {};
  // Twice: a whole list of NICs may be needed to say one thing of one of them.
  for (let round = 0; round < 2; round += 1) {
    const as = desiredWith(lacking, input);
    if (as === undefined) throw new Error(`${worker} was declared and is not there`);
    lacking = mergeFields([lacking, fieldsShown(differing(as, input), foundOf(input))]);
  }
  return { desired, lacking };
}

/** The worker with more fields declared than the files say; undefined: nothing declares it. Throws its mistakes. */
export function desiredWith(
  fields: WorkerFields,
  { worker, declaration, inventory, state }: Omit<ImportInput, 'uuid'>,
): DesiredWorker | undefined {
  const own = lookup(declaration.workers, worker);
  const isAdded = Object.keys(fields).length > 0;
  const workers = isAdded
    ? having(declaration.workers, worker, mergeFields([own ?? {}, fields]))
    : declaration.workers;
  const { desired, diagnostics } = expand(
    { ...declaration, workers },
    expandFactsOf(inventory, state),
  );
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new DiagnosticsError(errors);
  return desired.workers.find(({ name }) => name === worker);
}

/** Paths at which the VM is not as it is wanted; a description is the user's, whether it is declared or not. */
function differing(as: DesiredWorker, input: Omit<ImportInput, 'uuid'>): readonly string[] {
  const found = foundOf(input);
  const desired = attributesOf(as.spec, as.name);
  const views = { desired, found, declaredBefore: undefined, observed: undefined };
  const paths = diffAttributes(views).map(({ path }) => path);
  return [
    ...paths,
    ...(as.spec.description === undefined &&
    input.config.values.description?.includes('muster:1 ') !== true
      ? ['description']
      : []),
    ...(nicCount(found) > as.spec.networks.length ? ['networks[]'] : []),
  ];
}

/** What the VM shows once it bears the tag. */
function foundOf({ config, vm }: Omit<ImportInput, 'uuid'>): Attributes {
  const found = attributesFound(config, vm);
  return { ...found, tags: marked(found.tags) };
}

function marked(tags: Json | undefined): readonly Json[] {
  return [...new Set([...(Array.isArray(tags) ? tags : []), MARK_TAG])].sort();
}

/** What a declaration without a default image says when there is but one. */
function soleImage({ defaults, images }: Declaration): WorkerFields {
  const [image, ...others] = Object.keys(images);
  const isSole = defaults.image === undefined && image !== undefined && others.length === 0;
  return isSole ? { image } : {};
}

export interface MarksWrite {
  readonly set: PveParams;
  readonly remove: readonly string[];
}

/** What makes the VM that worker's: marks and card. Its other tags stay until the declaration says otherwise. */
export function marksWrite(
  desired: DesiredWorker,
  { config, vm, state, uuid }: ImportInput,
): MarksWrite {
  const { lineage, project, environment } = state;
  const owner: Owner = { lineage, project, environment, worker: desired.name, uuid };
  const declaredIn = desired.declaredAt.file;
  const wanted = attributesOf(desired.spec, desired.name, { owner, declaredIn });
  const changes = [
    { path: 'marks', after: wanted.marks ?? null },
    { path: 'description', after: wanted.description ?? null },
    { path: 'tags', after: marked(attributesFound(config, vm).tags) },
  ];
  const { set, remove } = configWrite(
    config,
    changes.map((change) => ({ ...change, cost: 'in-place' })),
  );
  return { set, remove };
}

/** The state with the VM taken in. `as`: the declaration that would leave the VM as it is. */
export function stateWithImport(
  desired: DesiredWorker,
  as: DesiredWorker,
  config: VmConfig,
  input: ImportInput,
): State {
  const { state, worker, inventory } = input;
  const record = recordWithImport(desired, as, config, input);
  return recordNodes(putWorker(state, worker, record), nodesOf(inventory));
}

function recordWithImport(
  desired: DesiredWorker,
  as: DesiredWorker,
  config: VmConfig,
  { state, worker, vm, uuid, inventory }: ImportInput,
): WorkerRecord {
  const found = { vm, config, uuid, time: inventory.cluster.time };
  return {
    ...recoveredRecord(lookup(state.workers, worker), desired, found),
    declared: as.spec,
    protect: as.spec.protect,
  };
}

/** What a plan says of this worker once the VM is taken in: everything that will be changed, and nothing else. */
export function planAfterImport(
  desired: DesiredWorker,
  as: DesiredWorker,
  input: ImportInput,
): Decision {
  const { worker, vm, config, inventory } = input;
  const { set, remove } = marksWrite(desired, input);
  const kept = Object.entries(config.values).filter(([key]) => !remove.includes(key));
  const texts = Object.entries(set).map(([key, value]) => [key, String(value)]);
  const after = { ...config, values: Object.fromEntries([...kept, ...texts]) };
  const state = stateWithImport(desired, as, after, input);
  const later: Inventory = {
    ...inventory,
    configs: having(inventory.configs, String(vm.vmid), after),
  };
  return planWorker(
    { name: worker, desired, record: recordWithImport(desired, as, after, input) },
    {
      state,
      inventory: later,
      options: DEFAULT_PLAN_OPTIONS,
      identities: identify(state, later),
    },
  );
}
