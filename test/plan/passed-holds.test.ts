import { describe, expect, test } from 'vitest';
import { GiB } from '../../src/model/quantity.ts';
import { withoutPassedHolds } from '../../src/plan/passed-holds.ts';
import { attributesTakenIn } from '../../src/plan/worker-views.ts';
import { deployed, edited, planOf, vm, withWorkers } from './support/builders.ts';
import { bearing, ownerOf } from './support/marked.ts';
import { A, resting, type Twist, twisted } from './support/scenes.ts';

describe('a hold of a saved plan', () => {
  const declaration = withWorkers({ a: { ...A, memory: 8 * GiB } });
  const then = (twist: Twist) =>
    planOf({ declaration, ...deployed({ a: twisted(resting(), twist) }) });
  const now = deployed({ a: resting() });
  const heldNow = (twist: Twist) =>
    withoutPassedHolds(then(twist), now.state, now.inventory).workers.map(({ held }) => held?.why);

  test.each<[string, Twist, string | undefined]>([
    ['a lock passes when it is gone', { config: { lock: 'backup' } }, undefined],
    ['high availability is planned anew', { vm: { haState: 'started' } }, 'ha-managed'],
    [
      'quarantine is ended by a release, and then planned anew',
      { record: { quarantine: { by: 'x', note: 'y' } } },
      'quarantined',
    ],
    ['none is none', {}, undefined],
  ])('%s', (_, twist, why) => {
    expect(heldNow(twist)).toEqual([why]);
  });
});

describe('a VM that a record takes in', () => {
  test('brings the drives that every worker has, not those that somebody attached', () => {
    const config = bearing(ownerOf(9100), { scsi1: 'nas:500/x.qcow2,size=1G' });
    const taken = attributesTakenIn(config, vm(9100, { pool: 'workers' }));
    expect(taken).toMatchObject({ drives: ['ide2', 'scsi0'], pool: 'workers', memory: GiB });
    const diskless = edited(config, { scsi0: null, boot: null, scsi1: null });
    expect(attributesTakenIn(diskless, vm(9100)).drives).toEqual(['ide2']);
  });
});
