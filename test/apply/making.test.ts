import { describe, expect, it } from 'vitest';
import { deleteVm } from '../../src/simulator/by-hand.ts';
import type { WorldSpec } from '../../src/simulator/spec.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import type { House } from '../support/house.ts';
import {
  applied,
  type Declared,
  EAGER,
  expectCode,
  expectSettled,
  inject,
  openSite,
  vmOf,
  wordsOf,
  writesTo,
} from './site.ts';
import { lost, says, Traps } from './trap.ts';

const MINUTE = 60_000;
const CLONE = /^POST .*\/qemu\/9000\/clone$/;
const STATUS = /^GET .*\/tasks\/UPID.*qmclone.*\/status$/;
const TASKS = /^GET \/nodes\/pve1\/tasks(\?|$)/;
const PATIENT: Declared = { ...EAGER, timeouts: { deploy: '10m' } };

function trapped(worker: Declared = EAGER, world: WorldSpec = quickstartWorld()) {
  const traps = new Traps();
  const house = openSite({ w1: worker }, {}, { world, intercept: traps.intercept });
  return { house, traps };
}

/** A clone that takes an hour. */
function slowWorld(): WorldSpec {
  return { ...quickstartWorld(), durations: { cloneBaseMs: 60 * MINUTE } };
}

async function expectOther(house: House): Promise<void> {
  expect(house.state().workers.w1?.vm?.vmid).toBe(9101);
  await expectSettled(house);
}

describe('P24: an id that somebody takes while a VM is made under it', () => {
  it('on the template’s node, right before the clone is sent: PVE refuses it, and another id is used', async () => {
    const house = openSite();
    const change = { kind: 'take-vmid', vmid: 9100, node: 'pve1' } as const;
    inject(house, 'POST', '/clone$', { kind: 'first', change });
    expect(wordsOf(await applied(house))).toContain('vm id 9100 is taken: somebody was quicker');
    expect(vmOf(house).config.name).toBe('somebody-elses');
    await expectOther(house);
  });

  it('on another node, where nobody looks for it', async () => {
    const house = openSite();
    const change = { kind: 'take-vmid', vmid: 9100, node: 'pve2' } as const;
    inject(house, 'GET', '/cluster/nextid$', { kind: 'first', change }, 2);
    expect(wordsOf(await applied(house))).toContain('or on another node; using another id');
    expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
    await expectOther(house);
  });

  it('and is still making it: that is not waited for', async () => {
    const house = openSite();
    const change = { kind: 'take-vmid', vmid: 9100, node: 'pve1' } as const;
    inject(house, 'GET', '/cluster/nextid$', { kind: 'first', change }, 2);
    const lock = { kind: 'lock-vm', vmid: 9100, lock: 'create' } as const;
    inject(house, 'GET', '/9100/config$', { kind: 'first', change: lock });
    const begun = house.clock.monotonic();
    expect(wordsOf(await applied(house))).toContain('somebody is making it (lock create)');
    expect(house.clock.monotonic() - begun).toBeLessThan(2 * MINUTE);
    await expectOther(house);
  });

  it('although the record of another worker reserves it: the next one is used', async () => {
    const house = openSite({ w1: { node: 'pve1' }, w2: { node: 'pve1' } });
    await applied(house);
    expectCode(await house.muster('plan', '--target', 'w2', '--test', '--out', 'p'), 0);
    const state = house.state();
    const { w1 } = state.workers;
    const uuid = '3cbeced6-cd59-41d3-9956-8966812c39e5';
    const begun = { run: 'dead', action: 'deploy', step: 'place', plan: '0'.repeat(64) };
    const doing = { ...begun, vmid: 9100, node: 'pve1', uuid };
    const workers = { ...state.workers, w1: { ...w1, doing } };
    house.write('muster.state.json', JSON.stringify({ ...state, workers }));
    expectCode(await house.muster('apply', 'p'), 0);
    expect(house.state().workers.w2?.vm?.vmid).toBe(9101);
    expect(house.state().workers.w1?.doing?.vmid).toBe(9100);
  });
});

describe('P13: a clone whose task worker died', () => {
  /** The clone's worker dies, and so does its answer: no record knows its task. */
  function dies({ house, traps }: { house: House; traps: Traps }): void {
    inject(house, 'POST', '/clone$', { kind: 'kill-task-worker' });
    traps.set(
      CLONE,
      async (goOn) => {
        await goOn();
        return lost();
      },
      1,
    );
  }

  it('without a task that anybody knows of: after some time nobody makes it any more, and another id is used', async () => {
    const site = trapped();
    dies(site);
    expect(wordsOf(await applied(site.house))).toContain('qm unlock 9100');
    await expectOther(site.house);
  });

  it('of a token that does not see everybody’s tasks: an unseen task proves nothing, it is waited for and named', async () => {
    const site = trapped(PATIENT);
    const { access } = site.house.cluster.world;
    access.roles.Blind = (access.roles.Administrator ?? []).filter((name) => name !== 'Sys.Audit');
    access.acls.push({ path: '/nodes/pve1', who: 'muster@pve', role: 'Blind', propagate: true });
    dies(site);
    const begun = site.house.clock.monotonic();
    const told = expectCode(await site.house.muster('apply', '--auto-approve'), 5);
    expect(wordsOf(told)).toContain('vm 9100 on pve1 is still locked (clone)');
    expect(told.stdout).toContain('waiting-for-clone');
    expect(site.house.clock.monotonic() - begun).toBeGreaterThanOrEqual(10 * MINUTE);
    deleteVm(site.house.cluster.world, 9100);
    await applied(site.house);
    await expectSettled(site.house);
  });

  it('and whose task can’t be asked about any more: another id is used all the same', async () => {
    const { house, traps } = trapped();
    inject(house, 'POST', '/clone$', { kind: 'kill-task-worker' });
    let isTold = false;
    traps.set(STATUS, async (goOn) => {
      if (isTold) return says(500, 'unable to read its task file');
      const answer = await goOn();
      isTold = answer.body.includes('"stopped"');
      return answer;
    });
    expect(wordsOf(await applied(house))).toContain('qm unlock 9100');
    await expectOther(house);
  });
});

describe('a clone that takes longer than a deploy may', () => {
  it('is a failure that names its task; later the next apply goes on with that VM', async () => {
    const { house } = trapped(PATIENT, slowWorld());
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(wordsOf(told)).toMatch(/task UPID:pve1:.*still runs after 600 s/);
    await house.clock.sleep(60 * MINUTE);
    await applied(house);
    expect(house.state().workers.w1?.vm?.vmid).toBe(9100);
    await expectSettled(house);
  });

  it('is waited for no longer when its answer was lost', async () => {
    const { house } = trapped(PATIENT, slowWorld());
    inject(house, 'POST', '/clone$', { kind: 'do-then-drop' });
    const begun = house.clock.monotonic();
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(wordsOf(told)).toContain('still runs after');
    expect(house.clock.monotonic() - begun).toBeLessThan(12 * MINUTE);
    await house.clock.sleep(60 * MINUTE);
    await applied(house);
    expect(house.state().workers.w1?.vm?.vmid).toBe(9100);
    await expectSettled(house);
  });

  it('nor when its task could not be asked about for a while', async () => {
    const { house, traps } = trapped(PATIENT, slowWorld());
    const unread = () => says(500, 'unable to read its task file');
    let isDumb = true;
    traps.set(STATUS, () => (isDumb ? unread() : undefined));
    traps.set(
      TASKS,
      () => {
        isDumb = false;
        return unread();
      },
      1,
    );
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(wordsOf(told)).toContain('vm 9100 on pve1 is still locked (clone)');
    await house.clock.sleep(60 * MINUTE);
    await applied(house);
    expect(house.state().workers.w1?.vm?.vmid).toBe(9100);
    await expectSettled(house);
  });
});

describe('a VM that was just cloned', () => {
  it('P27: and that the token does not see: it is left alone, and another id is used', async () => {
    const { house, traps } = trapped();
    const { acls } = house.cluster.world.access;
    traps.set(
      STATUS,
      () => {
        acls.push({ path: '/vms/9100', who: 'muster@pve', role: 'NoAccess', propagate: true });
        return undefined;
      },
      1,
    );
    const told = await applied(house);
    expect(wordsOf(told)).toContain('by a guest that this token may not see');
    expect(house.state().workers.w1?.vm?.vmid).toBe(9101);
    expect(writesTo(house.cluster.journal(), 9100)).toEqual(['POST /nodes/pve1/qemu/9000/clone']);
  });

  it('and that somebody deletes at once: a failure that says so, and the next apply makes it', async () => {
    const house = openSite();
    const change = { kind: 'delete-vm', vmid: 9100 } as const;
    inject(house, 'GET', '/9100/config$', { kind: 'first', change });
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(wordsOf(told)).toContain('clone ended without an error, but its result is not there');
    await applied(house);
    await expectSettled(house);
  });

  it('whose config can’t be read for another reason: a failure, and the next apply goes on with it', async () => {
    const house = openSite();
    const reason = 'unable to parse value of scsi0';
    inject(house, 'GET', '/9100/config$', { kind: 'fail', status: 500, reason });
    expect(wordsOf(expectCode(await house.muster('apply', '--auto-approve'), 5))).toContain(reason);
    await applied(house);
    expect(house.state().workers.w1?.vm?.vmid).toBe(9100);
    await expectSettled(house);
  });
});

describe('P13: what a dead run has begun', () => {
  it('can’t be asked about: the next apply looks for itself and goes on with the same VM', async () => {
    const { house, traps } = trapped();
    await house.musterKilled({ atEffect: 26, when: 'after' }, 'apply', '--auto-approve');
    await house.clock.sleep(3 * MINUTE);
    expect(house.state().workers.w1?.doing?.step).toBe('clone');
    traps.set(TASKS, () => says(403, 'Permission check failed'), 1);
    await applied(house);
    expect(house.state().workers.w1?.vm?.vmid).toBe(9100);
    await expectSettled(house);
  });

  it('P14: still goes on: Ctrl-C ends the wait for it', async () => {
    const { house, traps } = trapped(EAGER, slowWorld());
    await house.musterKilled({ atEffect: 30, when: 'after' }, 'apply', '--auto-approve');
    await house.clock.sleep(3 * MINUTE);
    expect(house.state().workers.w1?.doing?.upid).toContain('qmclone');
    const first = new AbortController();
    const second = new AbortController();
    traps.set(STATUS, () => {
      first.abort();
      return undefined;
    });
    const interrupts = { first: first.signal, second: second.signal };
    const begun = house.clock.monotonic();
    expectCode(await house.musterWith({ interrupts }, 'apply', '--auto-approve'), 130);
    expect(house.clock.monotonic() - begun).toBeLessThan(5 * MINUTE);
    traps.clear();
    await house.clock.sleep(60 * MINUTE);
    await applied(house);
    expect(house.state().workers.w1?.vm?.vmid).toBe(9100);
    await expectSettled(house);
  });
});
