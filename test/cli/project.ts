/** One worker on each of two nodes of the ready-made world. */
export const TWO_WORKERS = `muster: 1
project: backup
cluster:
  endpoint: simulator
  vmids: { from: 9100, to: 9199 }
images:
  debian-13: { template: { name: debian-13 } }
repositories:
  pbs-main: { address: pbs.example.net:8007 }
defaults: { image: debian-13 }
workers:
  backup-pve1: { node: pve1 }
  backup-pve2: { node: pve2 }
`;
