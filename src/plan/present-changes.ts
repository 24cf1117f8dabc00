import type { VmView } from '../model/attributes/attribute.ts';
import { diffAttributes } from '../model/attributes/diff-attributes.ts';
import { isShrink, obstacleTo } from '../model/attributes/obstacle.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Change, Finding } from '../model/plan.ts';
import { formatSize } from '../model/quantity.ts';
import type { WorkerRecord } from '../model/state.ts';
import type { Attributes, DesiredWorker, WorkerSpec } from '../model/worker.ts';
import type { Located } from './identity.ts';
import { imageChange, imageNameChange, specForMade } from './image-change.ts';
import type { WorkerCase, WorkerContext } from './plan-input.ts';
import { viewsOf } from './worker-views.ts';

/** The VM is there, or taken for there. */
export type Present = Extract<Located, { kind: 'ours' | 'assumed' }>;

export interface Changes {
  readonly kept: readonly Change[];
  readonly findings: readonly Finding[];
  readonly problems: readonly Diagnostic[];
}

/** All changes of this worker, without those that its VM can't take; these are reported instead. */
export function changesOf(
  worker: WorkerCase,
  desired: DesiredWorker,
  record: WorkerRecord,
  located: Present,
  found: Attributes | undefined,
  context: WorkerContext,
): Changes {
  const { state } = context;
  const uuid = record.vm?.uuid;
  const images = imageChanges(worker, desired, record, located);
  const remade = images.kept.some(({ cost }) => cost === 'rebuild');
  const stays = !remade || record.protect || desired.spec.protect;
  const as = stays ? asMade(desired, record, located) : { desired, record };
  const views = viewsOf(as.desired, as.record, worker.from ?? worker.name, state, uuid, found);
  const kept: Change[] = [...images.kept];
  const findings: Finding[] = [...images.findings];
  const problems: Diagnostic[] = [];
  for (const change of diffAttributes(views)) {
    const obstacle = located.kind === 'ours' ? obstacleTo(change, viewOf(located)) : undefined;
    if (isShrink(change) && change.causes.includes('declaration'))
      problems.push(shrinkProblem(change, desired, context));
    else if (isShrink(change)) findings.push(grownFinding(worker.name, change));
    else if (obstacle !== undefined)
      findings.push({
        code: 'not-possible',
        worker: worker.name,
        message: `${change.path} can't be set on ${worker.name}: ${obstacle}`,
        remedy: 'Remove it from the declaration, or use an image with another disk bus.',
      });
    else kept.push(change);
  }
  return { kept, findings, problems };
}

/** Both sides as they hold for the VM that is there, whatever image is declared by now. */
function asMade(desired: DesiredWorker, record: WorkerRecord, located: Present) {
  const made = (spec: WorkerSpec) => specForMade(record, spec, nodeOf(located));
  return {
    desired: { ...desired, spec: made(desired.spec) },
    record: { ...record, declared: made(record.declared) },
  };
}

function nodeOf(located: Present): string {
  return located.kind === 'ours' ? located.vm.node : located.ref.node;
}

function viewOf({ vm, config }: Extract<Present, { kind: 'ours' }>): VmView {
  return { config, node: vm.node, vmid: vm.vmid };
}

function imageChanges(
  worker: WorkerCase,
  desired: DesiredWorker,
  record: WorkerRecord,
  located: Present,
): Pick<Changes, 'kept' | 'findings'> {
  const { spec, name } = desired;
  const image = imageChange(record, spec, nodeOf(located));
  const renamed = imageNameChange(record, spec);
  const onlyRecord = renamed === undefined ? [] : [renamed];
  if (image === undefined) return { kept: onlyRecord, findings: [] };
  const { before, after } = image.change;
  if (spec.onImageChange === 'replace' && worker.imageMustWait !== true)
    return { kept: [image.change], findings: [] };
  const why =
    spec.onImageChange === 'replace'
      ? `it waits: one worker per node is replaced at a time`
      : `onImageChange is ${spec.onImageChange}`;
  const finding: Finding = {
    code: 'stale-image',
    worker: name,
    node: spec.node,
    message: `${name} was made from ${String(before)}, declared is ${String(after)}; ${why}`,
    remedy:
      spec.onImageChange === 'replace'
        ? 'Apply, then plan again.'
        : `Use --replace ${name} to make it anew now.`,
  };
  return { kept: spec.onImageChange === 'replace' ? [] : onlyRecord, findings: [finding] };
}

export function shrinkProblem(
  change: Change,
  desired: DesiredWorker,
  { locate }: WorkerContext,
): Diagnostic {
  const [before, after] = [formatSize(Number(change.before)), formatSize(Number(change.after))];
  return {
    severity: 'error',
    code: 'disk-shrinks',
    message: `the disk of ${desired.name} can't shrink from ${before} to ${after}`,
    labels: [locate?.(desired, 'disk.size') ?? desired.declaredAt],
    detail: ['Proxmox VE only grows disks.'],
    remedy: `Declare at least ${before}, or make the VM anew: muster destroy ${desired.name}, then apply.`,
  };
}

function grownFinding(name: string, change: Change): Finding {
  const [before, after] = [formatSize(Number(change.before)), formatSize(Number(change.after))];
  return {
    code: 'disk-grown',
    worker: name,
    message: `the disk of ${name} was grown to ${before} outside of Muster; declared are ${after}`,
    remedy: `It can't shrink: declare ${before}, or use --replace ${name}.`,
  };
}
