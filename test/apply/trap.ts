import type { Transport, TransportRequest, TransportResponse } from '../../src/pve/transport.ts';
import { TransportFailure } from '../../src/pve/transport.ts';

/** "METHOD path", decoded. */
function lineOf({ method, path }: TransportRequest): string {
  return `${method} ${decodeURIComponent(path)}`;
}

/** Springs at each request that matches. What `act` answers is the answer; undefined lets the request go on. */
export interface Trap {
  readonly pattern: RegExp;
  /** The nth matching request; default: every one. */
  readonly nth?: number;
  readonly act: (
    goOn: () => Promise<TransportResponse>,
  ) => Promise<TransportResponse | undefined> | TransportResponse | undefined;
}

/** Traps that are set once the house stands. */
export class Traps {
  readonly #set: { readonly trap: Trap; seen: number }[] = [];

  set(pattern: RegExp, act: Trap['act'], nth?: number): void {
    const trap = { pattern, act, ...(nth === undefined ? {} : { nth }) };
    this.#set.push({ trap, seen: 0 });
  }

  clear(): void {
    this.#set.length = 0;
  }

  readonly intercept = (inner: Transport): Transport => ({
    ...inner,
    send: async (request, sending) => {
      const goOn = () => inner.send(request, sending);
      for (const entry of this.#set) {
        if (!entry.trap.pattern.test(lineOf(request))) continue;
        entry.seen += 1;
        if (entry.trap.nth !== undefined && entry.trap.nth !== entry.seen) continue;
        const answer = await entry.trap.act(goOn);
        if (answer !== undefined) return answer;
      }
      return goOn();
    },
  });
}

export function says(status: number, reason: string): TransportResponse {
  return { status, reason, headers: {}, body: '' };
}

/** The request was carried out, or not, and nobody answers. */
export function lost(): never {
  throw new TransportFailure({ failure: 'unanswered', sent: true, reason: 'socket hang up' });
}
