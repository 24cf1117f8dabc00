import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import type { WorkerSpec } from '../model/worker.ts';
import { lacking } from './permissions.ts';
import type { PlanInput } from './plan-input.ts';
import { storageOf } from './plan-needs.ts';
import { fail, type Problem } from './preflight-problem.ts';
import type { PrivilegeNeed } from './privileges.ts';

export function storageProblems(spec: WorkerSpec, input: PlanInput): readonly Problem[] {
  const storage = spec.disk.storage;
  return storage === undefined ? [] : contentProblems(spec.node, storage, 'images', input);
}

/** Is that storage there on that node, and does it take that content? */
export function contentProblems(
  node: string,
  storage: string,
  content: string,
  { inventory }: PlanInput,
): readonly Problem[] {
  const known = Object.values(inventory.storages).filter((facts) => facts.node === node);
  if (known.length === 0) return [];
  const facts = lookup(inventory.storages, `${node}/${storage}`);
  const others = known
    .filter((each) => each.enabled && each.content.includes(content))
    .map((each) => each.storage)
    .sort(byCodeUnit);
  const remedy =
    others.length === 0 ? undefined : `On ${node} these take ${content}: ${others.join(', ')}.`;
  if (facts === undefined || !facts.enabled)
    return [
      fail('storage-missing', `storage ${storage} is not there on ${node}, or disabled`, remedy),
    ];
  if (!facts.active)
    return [
      fail(
        'storage-inactive',
        `storage ${storage} is not active on ${node}`,
        `Mend it on ${node}: pvesm status`,
      ),
    ];
  if (facts.content.includes(content)) return [];
  return [
    fail('storage-content', `storage ${storage} on ${node} does not take "${content}"`, remedy),
  ];
}

export function snippetProblems(spec: WorkerSpec, input: PlanInput): readonly Problem[] {
  const { cloudInit, node } = spec;
  return [cloudInit?.userData, cloudInit?.networkData, cloudInit?.vendorData].flatMap((volume) => {
    if (volume === undefined || !volume.includes(':')) return [];
    if (input.inventory.volumes[`${node}/${volume}`] !== undefined) return [];
    if (!wasRead(node, volume, 'snippets', input)) return [];
    if (!seesSnippets(volume, input)) return [unseenSnippet(volume)];
    // PVE takes a missing snippet without a word, and the VM then does not start.
    return [
      fail(
        'snippet-not-found',
        `snippet ${volume} is not on ${node}`,
        `Copy it to that storage on ${node}.`,
      ),
    ];
  });
}

/** PVE lists snippets to nobody without Datastore.Allocate, which is more than a worker's user should have. */
function seesSnippets(volume: string, { inventory }: PlanInput): boolean {
  const { permissions } = inventory;
  const path = `/storage/${storageOf(volume)}`;
  const need: PrivilegeNeed = { path, anyOf: ['Datastore.Allocate'], why: 'preflight' };
  return permissions === undefined || lacking([need], permissions, undefined).length === 0;
}

function unseenSnippet(volume: string): Problem {
  const storage = storageOf(volume);
  return {
    result: 'warn',
    code: 'snippet-unseen',
    message: `snippet ${volume} could not be looked for: that takes Datastore.Allocate on /storage/${storage}`,
    remedy: 'Make sure that it is there: where it is missing the VM does not start.',
  };
}

/** What could not be read says nothing. */
export function wasRead(
  node: string,
  volume: string,
  content: string,
  { inventory }: PlanInput,
): boolean {
  return inventory.unread?.[`volumes ${node}/${storageOf(volume)} ${content}`] === undefined;
}
