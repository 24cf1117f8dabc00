import { formatSize } from '../model/quantity.ts';
import type { IpSpec, WorkerSpec } from '../model/worker.ts';

/** One line for people: "4 slots, 6 vCPU, 6 GiB, 20 GiB local-lvm, vmbr0 dhcp". */
export function summaryOf(spec: WorkerSpec): string {
  const storage = spec.disk.storage === undefined ? '' : ` ${spec.disk.storage}`;
  return [
    `${spec.slots} ${spec.slots === 1 ? 'slot' : 'slots'}`,
    `${spec.cpu.cores} vCPU`,
    formatSize(spec.memory),
    `${formatSize(spec.disk.size)}${storage}`,
    ...spec.networks.map((nic) => {
      const vlan = nic.vlan === undefined ? '' : `.${nic.vlan}`;
      const address = [nic.ipv4, nic.ipv6].map(addressText).filter((text) => text !== '');
      return [`${nic.bridge}${vlan}`, ...address].join(' ');
    }),
  ].join(', ');
}

function addressText(ip: IpSpec | undefined): string {
  if (ip === undefined || ip === 'none') return '';
  return typeof ip === 'string' ? ip : ip.address;
}
