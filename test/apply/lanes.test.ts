import { describe, expect, it } from 'vitest';
import { createLanes } from '../../src/apply/lanes.ts';

describe('lanes', () => {
  it('P4: never lets more in than a key has room for, and lets everybody in at last', async () => {
    const lanes = createLanes();
    let inside = 0;
    let most = 0;
    let done = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await Promise.resolve();
      inside -= 1;
      done += 1;
    };
    const keys = [{ key: 'node pve1', room: 2 }];
    await Promise.all(Array.from({ length: 20 }, () => lanes.within(keys, work)));
    expect({ most, done }).toEqual({ most: 2, done: 20 });
  });

  it('gives its room back when the work fails', async () => {
    const lanes = createLanes();
    const keys = [{ key: 'storage', room: 1 }];
    const failing = lanes.within(keys, () => Promise.reject(new Error('lock timeout')));
    await expect(failing).rejects.toThrow('lock timeout');
    await expect(lanes.within(keys, async () => 'in')).resolves.toBe('in');
  });

  it('does not let callers with several keys block each other in a ring', async () => {
    const lanes = createLanes();
    const [node, all] = [
      { key: 'node', room: 1 },
      { key: 'all', room: 1 },
    ] as const;
    const runs = Array.from({ length: 6 }, () => lanes.within([node, all], async () => 1));
    expect(await Promise.all(runs)).toHaveLength(6);
  });
});
