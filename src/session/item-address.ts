import { agentTrouble } from '../guest/agent-trouble.ts';
import { PveError } from '../model/errors.ts';
import type { SessionItem } from '../model/session.ts';
import type { SessionContext } from './session-context.ts';

/** The first address of the VM that an item is about; undefined: its guest agent does not tell. */
export async function addressOf(
  ctx: SessionContext,
  { vm }: SessionItem,
): Promise<string | undefined> {
  if (vm === undefined) return undefined;
  try {
    return (await ctx.ports.pve.agent.addresses(vm.node, vm.vmid))[0];
  } catch (error) {
    if (error instanceof PveError || agentTrouble(error) !== undefined) return undefined;
    throw error;
  }
}
