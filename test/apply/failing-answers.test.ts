import { describe, expect, it } from 'vitest';
import type { Transport, TransportResponse } from '../../src/pve/transport.ts';
import { TransportFailure } from '../../src/pve/transport.ts';
import type { House } from '../support/house.ts';
import { declare, EAGER, expectCode, expectSettled, openSite, oursIn, roomyWorld } from './site.ts';

type Answer = () => TransportResponse;

const says = (status: number, reason: string): Answer => {
  return () => ({ status, reason, headers: {}, body: '' });
};

/** What any request may be answered; for a read and for a write, which was carried out or not. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  'the token has no right to it': says(403, 'Permission check failed'),
  'the node is not reached': says(595, 'No route to host'),
  'the config is not there': says(
    500,
    "Configuration file 'nodes/pve1/qemu-server/9100.conf' does not exist",
  ),
  'the connection ends without an answer': () => {
    throw new TransportFailure({ failure: 'unanswered', sent: true, reason: 'socket hang up' });
  },
};

/** Answers the nth request to a VM, and the two after it, in its own way. */
class Liar {
  #requests = 0;
  #from = Number.POSITIVE_INFINITY;
  readonly #answer: Answer;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  /** Counts from now. */
  begin(from: number): void {
    this.#requests = 0;
    this.#from = from;
  }

  end(): void {
    this.#from = Number.POSITIVE_INFINITY;
  }

  readonly intercept = (inner: Transport): Transport => ({
    ...inner,
    send: async (request, sending) => {
      if (!/qemu\/9|tasks|nextid/.test(request.path)) return inner.send(request, sending);
      this.#requests += 1;
      const isLied = this.#requests >= this.#from && this.#requests < this.#from + 3;
      if (!isLied) return inner.send(request, sending);
      // A write may have been carried out all the same: every other one is.
      if (request.method !== 'GET' && this.#requests % 2 === 0) await inner.send(request, sending);
      return this.#answer();
    },
  });
}

interface Stage {
  readonly name: string;
  readonly prepare: (house: House) => Promise<void>;
  readonly argv: readonly string[];
  readonly points: readonly number[];
}

const MOVED = { ...EAGER, node: 'pve2', storage: 'local-lvm', memory: '8GiB' };

async function deployed(house: House): Promise<void> {
  expectCode(await house.muster('apply', '--auto-approve'), 0);
}

const STAGES: readonly Stage[] = [
  {
    name: 'deploy and test',
    prepare: async () => undefined,
    argv: ['apply', '--test'],
    points: [2, 8, 14, 21, 34],
  },
  {
    name: 'move and change',
    prepare: async (house) => {
      await deployed(house);
      declare(house, { w1: MOVED });
    },
    argv: ['apply'],
    points: [2, 6, 11],
  },
  {
    name: 'replace',
    prepare: deployed,
    argv: ['apply', '--replace', 'w1'],
    points: [2, 6, 12],
  },
  {
    name: 'destroy',
    prepare: async (house) => {
      await deployed(house);
      declare(house, {});
    },
    argv: ['apply'],
    points: [1, 3, 7],
  },
];

const cases = STAGES.flatMap((stage) =>
  Object.entries(ANSWERS).flatMap(([what, answer]) =>
    stage.points.map((point) => [stage.name, what, point, { stage, answer }] as const),
  ),
);

describe('P13 P23: whatever three requests in a row are answered', () => {
  it.each(cases)(
    '%s, %s, from request %i on: it ends by itself, and later applies find all in order',
    async (_n, _w, point, { stage, answer }) => {
      const liar = new Liar(answer);
      const house = openSite({ w1: EAGER }, {}, { world: roomyWorld(), intercept: liar.intercept });
      await stage.prepare(house);
      const declared = stage.name === 'destroy' ? 0 : 1;
      liar.begin(point);
      const told = await house.muster(...stage.argv, '--auto-approve');
      liar.end();
      expect([0, 1, 3, 5, 7], told.stdout + told.stderr).toContain(told.code);
      expect(told.stdout + told.stderr).not.toMatch(/\n {4}at |TypeError/);
      // Those that are not Muster's have nothing to fear.
      expect(Object.keys(house.cluster.world.vms)).toEqual(
        expect.arrayContaining(['101', '9000', '9010']),
      );
      for (let again = 0; again < 2; again += 1) {
        await house.clock.sleep(60_000);
        const { code } = await house.muster('apply', '--auto-approve');
        if (code === 0) break;
      }
      expect(oursIn(house)).toHaveLength(declared);
      await expectSettled(house);
    },
  );
});
