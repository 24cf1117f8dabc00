import type { VmConfig } from '../model/inventory.ts';
import { readMarks } from '../model/marks.ts';
import type { VmHandle, WorkerContext } from './context.ts';

/** How far a VM's marks have to agree before Muster writes to it. */
export type Proof =
  /** Uuid and serial as recorded: every write. */
  | 'strong'
  /** And at least one soft mark: destroy. */
  | 'strong-and-soft'
  /** Just cloned: only the description, which the clone call sets, can name its owner yet. */
  | 'card';

/** The VM under that id is not the one that the state knows: nothing was written to it. */
export class NotOurs extends Error {
  constructor(worker: string, vm: VmHandle, seen: string) {
    super(`vm ${vm.vmid} on ${vm.node} is not ${worker}'s: ${seen}; it was not touched`);
    this.name = 'NotOurs';
  }
}

/** Reads the VM's config and proves that it is ours (design section 5). Throws NotOurs, or PveError when it can't be read. */
export async function requireOurs(
  ctx: WorkerContext,
  vm: VmHandle,
  proof: Proof = 'strong',
): Promise<VmConfig> {
  const config = await ctx.ports.pve.read.config(vm.node, vm.vmid);
  const doubt = doubtsAbout(config, vm, ctx.ports.ledger.current().lineage, proof);
  if (doubt !== undefined) throw new NotOurs(ctx.worker.worker, vm, doubt);
  return config;
}

/** What speaks against this config being that VM; undefined when nothing does. */
export function doubtsAbout(
  config: VmConfig,
  vm: VmHandle,
  lineage: string,
  proof: Proof,
): string | undefined {
  const marks = readMarks(config.values);
  const cardAgrees = marks.card?.uuid === vm.uuid && marks.card.lineage === lineage;
  const strong = marks.uuid === vm.uuid && marks.serialLineage === lineage;
  if (proof === 'card' && (strong || cardAgrees)) return undefined;
  if (marks.uuid !== vm.uuid) return `its SMBIOS uuid is ${marks.uuid ?? 'unset'}, not ${vm.uuid}`;
  if (marks.serialLineage !== lineage)
    return `its SMBIOS serial is ${marks.serialLineage === undefined ? "not Muster's" : `of lineage ${marks.serialLineage}`}`;
  if (proof === 'strong-and-soft' && !marks.tagged && !cardAgrees)
    return `it has neither the tag "muster" nor Muster's line in its description`;
  return undefined;
}
