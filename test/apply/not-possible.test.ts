import { describe, expect, it } from 'vitest';
import type { House } from '../support/house.ts';
import {
  applied,
  declare,
  deployedSite,
  EAGER,
  expectCode,
  expectSettled,
  findingCodes,
  openSite,
  planned,
  vmOf,
} from './site.ts';

const SMALL = { ...EAGER, disk: { size: '20GiB' } };

/** Somebody grows its disk in the portal. */
function grow(house: House, vmid: number, gib: number): void {
  const { config } = vmOf(house, vmid);
  const [volid = '', ...options] = (config.scsi0 ?? '').split(',');
  const volume = Object.values(house.cluster.world.volumes).find((each) => each.volid === volid);
  if (volume === undefined) throw new Error(`there is no volume ${volid}`);
  volume.size = gib * 2 ** 30;
  const kept = options.filter((option) => !option.startsWith('size='));
  config.scsi0 = [volid, ...kept, `size=${gib}G`].join(',');
}

describe('P34: a disk that is larger than declared', () => {
  it('keeps its size when something else of its VM is changed', async () => {
    const house = await deployedSite({ w1: SMALL });
    grow(house, 9100, 40);
    declare(house, { w1: { ...SMALL, memory: '9GiB' } });
    expect(findingCodes(await planned(house))).toEqual(['disk-grown']);
    await applied(house);
    expect(vmOf(house).config).toMatchObject({ memory: '9216' });
    expect(vmOf(house).config.scsi0).toContain('size=40G');
    await expectSettled(house);
  });

  it('is an error with its place when its VM is adopted, before anything is done', async () => {
    const house = await deployedSite({ w1: EAGER, w2: EAGER });
    declare(house, { w1: EAGER }, { removed: ['w2'] });
    await applied(house);
    grow(house, 9101, 40);
    house.cluster.journal();
    declare(house, { w1: EAGER, w2: { ...EAGER, disk: { size: '25GiB' } } });
    const told = expectCode(await house.muster('apply', '--auto-approve'), 1);
    expect(told.stderr).toContain("the disk of w2 can't shrink from 40 GiB to 25 GiB");
    expect(house.cluster.journal()).toEqual([]);
  });
});

/** Its disk is on the virtio bus, which knows no ssd flag. */
function onVirtio(house: House, template: number): void {
  const { config } = vmOf(house, template);
  config.virtio0 = config.scsi0 ?? '';
  config.boot = 'order=virtio0';
  delete config.scsi0;
}

describe('a flag that the bus of the image’s disk does not know', () => {
  it('does not keep another change from being done; it is a finding', async () => {
    const house = openSite();
    onVirtio(house, 9000);
    await applied(house);
    declare(house, { w1: { ...EAGER, disk: { ssd: true }, memory: '9GiB' } });
    expect(findingCodes(await planned(house))).toEqual(['not-possible']);
    await applied(house);
    expect(vmOf(house).config.memory).toBe('9216');
    expect(vmOf(house).config.virtio0).not.toContain('ssd');
    await expectSettled(house);
  });
});
