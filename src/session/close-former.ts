import { lookup } from '../model/lookup.ts';
import type { LiveSession } from '../model/session.ts';
import { closeDeadSessions } from './close-dead.ts';
import type { SessionInput } from './session-context.ts';
import { itemState } from './session-items.ts';

/**
 * Ends sessions of the same name that nobody leads any more, as far as their workers are off: what they left is run
 * anew by this one. Those with an item that this one does not run stay, to be gone on with.
 */
export async function closeFormer(input: SessionInput, at: number): Promise<void> {
  const { session, isAdHoc, ports, run, take } = input;
  if (isAdHoc) return;
  const own = new Set(session.items.map(({ item }) => item.name));
  const isMeant = (former: LiveSession): boolean =>
    former.name === session.session &&
    lookup(ports.ledger.current().runs, run.id)?.session !== former.id &&
    former.items.every((item) => own.has(item.name) || itemState(former, item) === 'ok');
  for (const id of await closeDeadSessions({ ports, run, take, dead: [], isMeant }))
    ports.log.emit({
      kind: 'note',
      at,
      message: `session ${id} was lost, and is closed as interrupted: this one runs its items anew`,
    });
}
