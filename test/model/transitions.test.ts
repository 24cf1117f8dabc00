import { describe, expect, it } from 'vitest';
import { VmidTaken, WorkerUnknown } from '../../src/model/errors.ts';
import type { State } from '../../src/model/state.ts';
import {
  clearDoing,
  endQuarantine,
  forgetVm,
  forgetWorker,
  putWorker,
  quarantine,
  recordDeclared,
  recordNodes,
  recordObserved,
  recordPatch,
  recordTest,
  recordUse,
  recordVm,
  renameWorker,
  reserveVmid,
  setDoing,
  setDoingError,
  setUpid,
  vmidHolders,
  vmidOwner,
} from '../../src/model/transitions.ts';
import { stateWith, uuid, workerSpec } from '../state/support/states.ts';

const doing = { run: 'r1', action: 'deploy', step: 'clone', plan: 'd1' };
const vm = (vmid: number) => ({ vmid, node: 'pve1', uuid: uuid(vmid) });

describe('a vmid', () => {
  it('is reserved by the intent that names it, before any VM is there (P24)', () => {
    const state = reserveVmid(stateWith('a', 'b'), 'a', { ...doing, vmid: 9100 });
    expect(vmidOwner(state, 9100)).toBe('a');
    expect(() => reserveVmid(state, 'b', { ...doing, vmid: 9100 })).toThrow(VmidTaken);
    expect(() => recordVm(state, 'b', vm(9100))).toThrow(/worker a holds that id/);
  });

  it('may be kept through a replace, and moves on with a rename', () => {
    let state = recordVm(stateWith('a'), 'a', vm(9100));
    state = reserveVmid(state, 'a', { ...doing, vmid: 9100 });
    state = renameWorker(state, 'a', 'c');
    expect(vmidOwner(state, 9100)).toBe('c');
  });

  it('is free again once neither a VM nor an intent names it', () => {
    let state = recordVm(stateWith('a', 'b'), 'a', vm(9100));
    state = reserveVmid(state, 'a', { ...doing, vmid: 9101 });
    expect([...vmidHolders(state)]).toEqual([
      [9100, ['a']],
      [9101, ['a']],
    ]);
    state = clearDoing(forgetVm(state, 'a'), 'a');
    expect(vmidHolders(state).size).toBe(0);
    expect(recordVm(state, 'b', vm(9100)).workers.b?.vm?.vmid).toBe(9100);
  });
});

describe('the cluster when last seen', () => {
  it('keeps its name until another is told', () => {
    const nodes = { pve1: { cpus: 16, memory: 2 ** 36 } };
    const bare = recordNodes(stateWith(), nodes);
    expect(bare).toStrictEqual({ ...stateWith(), nodes });
    const named = recordNodes(stateWith(), nodes, { name: 'north' });
    expect(recordNodes(named, {})).toStrictEqual({
      ...stateWith(),
      nodes: {},
      cluster: { name: 'north' },
    });
  });
});

describe('a use', () => {
  it('is remembered with the session’s name where a session made it', () => {
    const used = recordUse(stateWith('a'), 'a', 5);
    expect(used.workers.a?.last).toStrictEqual({ used: 5 });
    const again = recordUse(recordUse(used, 'a', 7, 'nightly'), 'a', 9);
    expect(again.workers.a?.last).toStrictEqual({
      session: { name: 'nightly', at: 7 },
      used: 9,
    });
  });
});

describe('the write-ahead record (P47)', () => {
  it('gets the UPID and the error of its step, and is cleared when done', () => {
    let state = setDoing(stateWith('a'), 'a', doing);
    state = setDoingError(setUpid(state, 'a', 'UPID:pve1:1:'), 'a', 'clone failed');
    expect(state.workers.a?.doing).toEqual({
      ...doing,
      upid: 'UPID:pve1:1:',
      error: 'clone failed',
    });
    expect(clearDoing(state, 'a').workers.a?.doing).toBeUndefined();
  });

  it('takes no UPID without an intent', () => {
    expect(() => setUpid(stateWith('a'), 'a', 'UPID:pve1:1:')).toThrow('nothing is being done');
  });
});

describe('a worker’s record', () => {
  it('keeps its history when the VM is gone, but not the updates that went with it', () => {
    const test = { result: 'passed', at: 5, checks: [] } as const;
    const patch = { result: 'nothing', at: 6, packages: [], rebooted: false } as const;
    let state = recordVm(stateWith('a'), 'a', vm(9100), { name: 'debian-13', source: '9000' });
    state = recordObserved(state, 'a', { memory: 6 });
    state = recordUse(recordPatch(recordTest(state, 'a', test), 'a', patch), 'a', 7, 'nightly');
    const record = forgetVm(state, 'a').workers.a;
    expect(record).toEqual({
      declared: workerSpec(),
      protect: false,
      last: { test, session: { name: 'nightly', at: 7 }, used: 7 },
    });
  });

  it('was never patched when its VM is another one', () => {
    const patch = { result: 'patched', at: 6, packages: [], rebooted: false } as const;
    const patched = recordPatch(recordVm(stateWith('a'), 'a', vm(9100)), 'a', patch);
    expect(recordVm(patched, 'a', { ...vm(9100), node: 'pve2' }).workers.a?.last).toEqual({
      patch,
    });
    const replaced = recordVm(forgetVm(patched, 'a'), 'a', { ...vm(9100), uuid: uuid(9101) });
    expect(replaced.workers.a?.last).toEqual({});
    const moved = recordVm(patched, 'a', { ...vm(9100), uuid: uuid(9101) });
    expect(moved.workers.a?.last).toEqual({});
  });

  it('takes protection from the declaration and keeps it when the block is gone (P16)', () => {
    const state = recordDeclared(stateWith('a'), 'a', workerSpec({ protect: true }), 'w.yaml:3');
    expect(state.workers.a?.protect).toBe(true);
    expect(state.workers.a?.declaredIn).toBe('w.yaml:3');
  });

  it.each<[string, (state: State) => State]>([
    ['recording the same declaration', (state) => recordDeclared(state, 'a', workerSpec())],
    ['clearing nothing', (state) => clearDoing(state, 'a')],
    ['renaming to itself', (state) => renameWorker(state, 'a', 'a')],
    ['forgetting nobody', (state) => forgetWorker(state, 'b')],
    ['the same nodes', (state) => recordNodes(state, {})],
  ])('is the very same after %s, so that nothing is written', (_, step) => {
    const state = stateWith('a');
    expect(step(state)).toBe(state);
  });

  it('is what it was after a quarantine that ends', () => {
    const held = quarantine(stateWith('a'), 'a', { note: 'n', by: 'me' });
    expect(endQuarantine(held, 'a')).toEqual(stateWith('a'));
  });

  it('keeps its image and its place in the YAML until others are told', () => {
    const image = { name: 'debian-13', source: 'template 9000' };
    let state = recordDeclared(stateWith('a'), 'a', workerSpec(), 'w.yaml:3');
    state = recordVm(state, 'a', vm(9100), image);
    state = recordVm(recordDeclared(state, 'a', workerSpec({ slots: 2 })), 'a', vm(9101));
    expect(state.workers.a).toStrictEqual({
      declared: workerSpec({ slots: 2 }),
      declaredIn: 'w.yaml:3',
      protect: false,
      last: {},
      vm: vm(9101),
      image,
    });
  });

  it('replaces the one of that name when it is put whole', () => {
    const record = { declared: workerSpec(), protect: true, last: { used: 4 } };
    expect(putWorker(stateWith('a'), 'a', record).workers.a).toBe(record);
  });

  it('of an unknown worker is never made by the way, whatever objects inherit', () => {
    expect(() => setDoing(stateWith('a'), 'constructor', doing)).toThrow(WorkerUnknown);
    const state = recordDeclared(stateWith('a'), 'constructor', workerSpec());
    expect(Object.keys(state.workers)).toEqual(['a', 'constructor']);
    expect(setDoing(state, 'constructor', doing).workers.constructor).toMatchObject({ doing });
  });

  it('is never overwritten by a rename', () => {
    expect(() => renameWorker(stateWith('a', 'b'), 'a', 'b')).toThrow('holds a worker b already');
  });
});
