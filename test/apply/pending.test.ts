import { describe, expect, it } from 'vitest';
import { powerOn } from '../../src/simulator/by-hand.ts';
import { openHouse } from '../support/house.ts';

const declaration = (memory: string): string =>
  JSON.stringify({
    muster: 1,
    project: 'pending',
    cluster: { endpoint: 'simulator', vmids: { from: 9100, to: 9109 } },
    images: { debian: { template: 9000 } },
    workers: { a: { node: 'pve1', image: 'debian', deploy: 'eager', memory } },
  });

describe('an update of a VM that somebody powers on at that moment', () => {
  it('P33: is not taken for done while PVE keeps the values waiting for a power cycle', async () => {
    let armed = false;
    const house = openHouse({
      files: { 'muster.yaml': declaration('4GiB') },
      intercept: (inner) => ({
        ...inner,
        send: (request, sending) => {
          if (armed && request.method === 'PUT' && request.path.endsWith('/config'))
            powerOn(house.cluster.world, 9100);
          return inner.send(request, sending);
        },
      }),
    });
    expect((await house.muster('apply', '--auto-approve')).code).toBe(0);
    house.write('muster.yaml', declaration('6GiB'));
    armed = true;
    const told = await house.muster('apply', '--auto-approve');
    expect(told.code).toBe(5);
    expect(told.stdout).toMatch(/memory .*waits for a power\s+cycle/s);
    armed = false;
    // The next plan finds it running; powered off, everything is as declared.
    const next = await house.muster('apply', '--auto-approve');
    expect(next.code, next.stdout + next.stderr).toBe(0);
    expect((await house.muster('plan', '--detailed-exitcode')).code).toBe(0);
  });
});
