import type { Door, GuestDoor, GuestSetup } from './guest-world.ts';
import { realDoors } from './real-guest.ts';
import { simulatedDoor } from './simulated-guest.ts';

/** Every shell that this machine has, and the simulator: one suite for all of them. */
export const allDoors: readonly Door[] = [...realDoors(), simulatedDoor];

/** Opens a guest for one test and closes it whatever happens. */
export async function withGuest<G extends GuestDoor>(
  door: Door<G>,
  setup: GuestSetup,
  use: (guest: G) => Promise<void>,
): Promise<void> {
  const guest = await door.open(setup);
  try {
    await use(guest);
  } finally {
    await guest.close();
  }
}
