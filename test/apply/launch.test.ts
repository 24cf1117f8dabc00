import { describe, expect, it } from 'vitest';
import type { Transport } from '../../src/pve/transport.ts';
import { applied, EAGER, expectCode, expectSettled, openSite, wordsOf } from './site.ts';

const at = (endpoint: string) => (inner: Transport) => ({ ...inner, endpoint: () => endpoint });

describe('a launch', () => {
  it('W12: reboots after updates when that is asked for always, and tests again', async () => {
    const house = openSite({ w1: { ...EAGER, patch: { reboot: 'always' } } });
    await applied(house, '--test');
    expect(house.state().workers.w1?.last.patch).toMatchObject({
      result: 'patched',
      rebooted: true,
    });
    expect(house.cluster.world.tasks.filter(({ type }) => type === 'qmstart')).toHaveLength(2);
    await expectSettled(house);
  });

  it('does not say dhcp of an IPv6 address that was declared', async () => {
    const networks = [{ bridge: 'vmbr0', ipv6: { address: 'fd00:1::10/64' } }];
    const house = openSite({ w1: { ...EAGER, networks, patch: { policy: 'none' } } });
    const told = await house.muster('apply', '--test', '--auto-approve');
    expect(wordsOf(told)).toMatch(/agent answers after \d+ s; address fd00:1::10/);
    expect(wordsOf(told)).not.toContain('(dhcp)');
  });

  it.each([
    ['https://192.0.2.7:8006', '192.0.2.7:8006'],
    ['https://192.0.2.7', '192.0.2.7:443'],
  ])(
    'W12: with the API at %s asks the guest whether it reaches that address',
    async (url, seen) => {
      const house = openSite(undefined, {}, { intercept: at(url) });
      expectCode(await house.muster('apply', '--test', '--auto-approve'), 0);
      const checks = house.state().workers.w1?.last.test?.checks ?? [];
      expect(checks.find(({ id }) => id === 'pve-api')).toMatchObject({
        result: 'warn',
        seen: expect.stringContaining(seen),
      });
    },
  );
});
