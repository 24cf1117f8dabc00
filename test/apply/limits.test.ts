import { describe, expect, it } from 'vitest';
import { runsAtOnce } from './overlap.ts';
import { applied, type Declared, EAGER, expectSettled, openSite } from './site.ts';

/** So many eager workers on each of pve1 and pve2. */
function workers(each: number): Record<string, Declared> {
  return Object.fromEntries(
    ['pve1', 'pve2'].flatMap((node) =>
      Array.from({ length: each }, (_, index) => [`${node}-${index}`, { ...EAGER, node }]),
    ),
  );
}

const limited = (limits: Declared) => ({
  cluster: { endpoint: 'simulator', vmids: { from: 9100, to: 9119 }, limits },
});

describe('limits', () => {
  it.each([
    [
      { parallelism: 8, perNode: 2, perStorage: 1 },
      { all: 2, node: 1 },
    ],
    [
      { parallelism: 8, perNode: 3, perStorage: 3 },
      { all: 6, node: 3 },
    ],
    [
      { parallelism: 3, perNode: 3, perStorage: 3 },
      { all: 3, node: 3 },
    ],
    [
      { parallelism: 1, perNode: 1, perStorage: 1 },
      { all: 1, node: 1 },
    ],
  ])('P4 P20 W19: %j: so many clones at once, and not fewer', async (limits, most) => {
    const house = openSite(workers(4), limited(limits));
    await applied(house);
    const clones = house.cluster.world.tasks.filter(({ type }) => type === 'qmclone');
    expect(clones).toHaveLength(8);
    const perNode = ['pve1', 'pve2'].map((name) =>
      runsAtOnce(clones.filter(({ node }) => node === name)),
    );
    expect({ all: runsAtOnce(clones), node: Math.max(...perNode) }).toEqual(most);
    await expectSettled(house);
  });

  it('P4: perNode bounds how many workers of a node are powered on at once', async () => {
    const house = openSite(workers(3), limited({ parallelism: 8, perNode: 2, perStorage: 2 }));
    await applied(house, '--test');
    const powered = house.cluster.world.tasks.filter(({ type }) => type === 'qmstart');
    const stops = house.cluster.world.tasks.filter(({ type }) => type === 'qmshutdown');
    const spans = powered
      .filter(({ node }) => node === 'pve1')
      .map((task) => ({
        starttimeMs: task.starttimeMs,
        endtimeMs: stops.find(
          ({ id, starttimeMs }) => id === task.id && starttimeMs > task.starttimeMs,
        )?.endtimeMs,
      }));
    expect(runsAtOnce(spans)).toBe(2);
  });
});
