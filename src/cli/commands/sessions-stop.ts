import { goOnWithSession } from '../go-on-with-session.ts';
import type { Invocation } from '../invocation.ts';

/** Ends everything that runs of a session whose run is dead, and powers its workers off. */
export async function runSessionsStop(invocation: Invocation): Promise<number> {
  return goOnWithSession(invocation, 'stop');
}
