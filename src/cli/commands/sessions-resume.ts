import { goOnWithSession } from '../go-on-with-session.ts';
import type { Invocation } from '../invocation.ts';

/** Goes on with a session whose run is dead, from any machine. */
export async function runSessionsResume(invocation: Invocation): Promise<number> {
  return goOnWithSession(invocation, 'resume');
}
