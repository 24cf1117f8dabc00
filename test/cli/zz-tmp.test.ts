import { it } from 'vitest';
import { openHouse } from '/work/main/test/support/house.ts';
const YAML = `muster: 1
project: backup
cluster:
  endpoint: simulator
  vmids: { from: 9100, to: 9199 }
images:
  debian-13: { template: { name: debian-13 }, clone: full }
repositories:
  pbs-main: { address: pbs.example.net:8007, maxConcurrent: 8 }
defaults: { image: debian-13, storage: local-lvm }
workerSets:
  everywhere:
    nodes: all
    name: "backup-\${node}"
    worker: { slots: 4 }
    perNode: { pve3: { storage: local-zfs } }
`;
it('x', async () => {
  const house = openHouse({ files: { 'muster.yaml': YAML } });
  const run = async (...argv: string[]) => {
    const t = await house.muster(...argv);
    console.log('$ muster ' + argv.join(' ') + '\n' + t.stdout + t.stderr + `(exit ${t.code})`);
  };
  await run('validate');
  await run('plan');
  await run('apply', '-auto-approve');
  await run('plan', '--out', 'x.plan', '--test');
  await run('apply', 'x.plan');
  await run('plan');
  await run('apply', 'x.plan');
  await run('status');
  await run('drift');
  await run('doctor');
  await run('doctor', '--print-setup');
  await run('show');
  await run('shutdown');
  await run('destroy', 'backup-pve1', '--auto-approve');
  await run('init');
}, 60000);
