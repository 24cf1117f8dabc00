import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/digest.ts';
import { GiB, MiB } from '../../src/model/quantity.ts';
import { HEAD, load, loadClean, mistakesOf } from './project-files.ts';

const EVERYTHING = `muster: 1
project: backup
requiredVersion: ">=0.1 <1"
cluster:
  name: north
  endpoint: [https://pve1.example.net:8006/, https://pve2.example.net:8006]
  tls: { fingerprint: "${Array(32).fill('a4').join(':')}" }
  vmids: { from: 9100, to: 9199 }
  pool: backup-workers
  limits: { parallelism: 8, perNode: 3, perStorage: 2 }
state: { backend: local, path: states/muster.json }
variables: { site: { default: north } }
images:
  debian-13: { template: 9000, clone: linked }
  by-name: { template: { name: debian-13 } }
  by-node: { template: { perNode: { pve1: 9000, pve2: 9001 } } }
  volume: { import: "local:import/debian-13.qcow2" }
  cloud: { url: "https://cloud.example.net/d.qcow2", checksum: "sha256:${'AB'.repeat(32)}", storage: local }
repositories:
  pbs-main:
    address: pbs.example.net:8007
    maxConcurrent: 8
    env: { PBS_REPOSITORY: "backup@pbs!muster@pbs.example.net:8007:store1", PBS_PASSWORD: "\${secret.PBS_PASSWORD}" }
  pbs-six: { address: "[2001:db8::7]:8007" }
defaults: { image: debian-13, storage: local-lvm }
workers:
  backup-pve1:
    node: pve1
    description: nightly VM backups
    enabled: true
    slots: 4
    vmid: 9101
    cpu: { cores: 6, type: x86-64-v2-AES }
    memory: 6GB
    disk: { size: 20GiB, storage: local-lvm, discard: true, ssd: true }
    networks:
      - { bridge: vmbr0, vlan: 120, mtu: 1500, model: virtio, mac: "bc:24:11:00:00:01", firewall: false,
          ipv4: { address: 10.20.0.31/24, gateway: 10.20.0.1 }, ipv6: auto }
      - { bridge: vnet1, ipv4: none, ipv6: { address: "2001:DB8:0::31/64" } }
    dns: { servers: [10.20.0.1], search: example.net }
    cloudInit: { user: muster, sshKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA me"], vendorData: "local:snippets/v.yaml" }
    files: [{ from: scripts/backup-vm, to: /usr/local/bin/backup-vm, mode: "755" }]
    options: { machine: q35, numa: true }
    tags: [prod]
    labels: { site: "\${var.site}" }
    deploy: eager
    onImageChange: nextDeploy
    protect: true
    patch: { policy: security, reboot: never, maxAge: 1h30m, required: true, proxy: "http://proxy:3128" }
    checks: [{ name: repo-writable, run: [test, -w, /mnt/repo], timeout: 10s }]
    timeouts: { deploy: 40m, start: 3m, test: 5m, patch: 30m, shutdown: 90s }
workerSets:
  everywhere:
    nodes: { except: [pve4] }
    name: "all-\${node}"
    worker: { slots: 4, description: "on \${node}" }
    perNode: { pve3: { storage: local-zfs } }
renamed: { backup-old: backup-pve1, "bkp-\${node}": "all-\${node}" }
removed: [backup-gone]
sessions:
  nightly:
    kind: backup
    workers: { labels: { site: north } }
    placement: sameNode
    items:
      - name: catalog
        run: [/usr/local/bin/dump-catalog]
      - forEachVm: { pool: production, exclude: [105] }
        name: "vm-\${vm.id}"
        run: [/usr/local/bin/backup-vm, "\${vm.id}", "\${vm.name}"]
        repository: pbs-main
        timeout: 2h
        retries: 1
    guards: { minItems: 2, minWorkers: 1, waitForWorkers: 10m }
    reserve: 1
guards: { maxDestroy: 2, maxReplace: 1, forbid: [destroy] }
`;

describe('loadDeclaration', () => {
  it('reads every key of the format into canonical form (W2, W7, W8)', async () => {
    const script = '#!/bin/sh\n';
    const declaration = await loadClean(
      { 'muster.yaml': EVERYTHING, 'scripts/backup-vm': script },
      { version: '0.1.0' },
    );
    const { cluster, images, repositories, workers, workerSets, sessions } = declaration;
    expect(cluster.endpoints).toEqual([
      'https://pve1.example.net:8006',
      'https://pve2.example.net:8006',
    ]);
    expect(cluster.tls.fingerprints).toEqual([Array(32).fill('A4').join(':')]);
    expect(cluster.limits).toEqual({ parallelism: 8, perNode: 3, perStorage: 2 });
    expect(declaration.state).toEqual({ backend: 'local', path: 'states/muster.json' });
    expect(images['debian-13']).toEqual({
      kind: 'template',
      template: { by: 'vmid', vmid: 9000 },
      clone: 'linked',
    });
    expect(images['by-node']).toMatchObject({
      template: { by: 'node', perNode: { pve1: 9000, pve2: 9001 } },
    });
    expect(images.cloud).toMatchObject({ kind: 'url', checksum: `sha256:${'ab'.repeat(32)}` });
    expect(repositories['pbs-main']).toMatchObject({
      host: 'pbs.example.net',
      port: 8007,
      env: { PBS_PASSWORD: '${secret.PBS_PASSWORD}' },
    });
    expect(repositories['pbs-six']).toMatchObject({ host: '2001:db8::7', port: 8007 });
    expect(workers['backup-pve1']).toMatchObject({
      vmid: 9101,
      memory: 5723 * MiB,
      disk: { size: 20 * GiB, discard: true },
      files: [
        {
          from: 'scripts/backup-vm',
          to: '/usr/local/bin/backup-vm',
          mode: '0755',
          digest: sha256(script),
        },
      ],
      options: { machine: 'q35', numa: true },
      labels: { site: 'north' },
      patch: { policy: 'security', maxAge: 90 * 60_000 },
      checks: [{ name: 'repo-writable', run: ['test', '-w', '/mnt/repo'], timeout: 10_000 }],
      timeouts: { deploy: 40 * 60_000, shutdown: 90_000 },
    });
    expect(workers['backup-pve1']?.networks).toEqual([
      {
        bridge: 'vmbr0',
        vlan: 120,
        mtu: 1500,
        model: 'virtio',
        mac: 'BC:24:11:00:00:01',
        firewall: false,
        ipv4: { address: '10.20.0.31/24', gateway: '10.20.0.1' },
        ipv6: 'auto',
      },
      { bridge: 'vnet1', ipv4: 'none', ipv6: { address: '2001:db8::31/64' } },
    ]);
    expect(workerSets.everywhere).toEqual({
      nodes: { except: ['pve4'] },
      name: 'all-${node}',
      worker: { slots: 4, description: 'on ${node}' },
      perNode: { pve3: { storage: 'local-zfs' } },
    });
    expect(sessions.nightly?.items[1]).toEqual({
      name: 'vm-${vm.id}',
      forEachVm: { pool: 'production', exclude: [105] },
      run: ['/usr/local/bin/backup-vm', '${vm.id}', '${vm.name}'],
      env: {},
      repository: 'pbs-main',
      timeout: 2 * 3600_000,
      retries: 1,
    });
    expect(sessions.nightly?.guards).toEqual({
      minItems: 2,
      minWorkers: 1,
      waitForWorkers: 600_000,
    });
    expect(declaration.guards).toEqual({ maxDestroy: 2, maxReplace: 1, forbid: ['destroy'] });
    expect(declaration.contents).toEqual({
      [sha256(script)]: Buffer.from(script).toString('base64'),
    });
    expect(Object.values(workers['backup-pve1'] ?? {})).not.toContain(undefined);
  });

  it('reads a variable as the number or truth that its place asks for', async () => {
    const text = `${HEAD}variables: { slots: { default: 3 }, keep: { default: true }, name: { default: 12 } }
workers: { a: { node: pve1, slots: "\${var.slots}", protect: "\${var.keep}", description: "\${var.name}" } }
`;
    const { workers } = await loadClean(text);
    expect(workers.a).toMatchObject({ slots: 3, protect: true, description: '12' });
    const changed = await loadClean(text, { vars: { slots: '7', keep: 'false' } });
    expect(changed.workers.a).toMatchObject({ slots: 7, protect: false });
    expect(await mistakesOf(text, { vars: { slots: 'many' } })).toEqual([
      'wrong-type: slots must be a whole number from 1 to 128',
    ]);
  });

  it('needs a variable of a session only when that session runs', async () => {
    const text = `${HEAD}variables: { label: {}, tries: {}, wait: {} }
workers: { a: { node: pve1 } }
sessions:
  s: { items: [{ name: x, run: [dump, "\${var.label}"], retries: "\${var.tries}", timeout: "\${var.wait}" }] }
`;
    const { sessions } = await loadClean(text);
    expect(sessions.s?.items[0]).toMatchObject({
      run: ['dump', '${var.label}'],
      retries: 0,
      timeout: 4 * 3600_000,
    });
    expect(await mistakesOf(text, { session: 's', vars: { wait: '1h' } })).toEqual([
      'missing-variable: the variable "label" has no value',
      'missing-variable: the variable "tries" has no value',
    ]);
    const ready = await loadClean(text, {
      session: 's',
      vars: { label: 'l', tries: '2', wait: '1h' },
    });
    expect(ready.sessions.s?.items[0]).toMatchObject({
      run: ['dump', 'l'],
      retries: 2,
      timeout: 3600_000,
    });
  });

  it('never reads a value of a variable for placeholders (P17)', async () => {
    const text = `${HEAD}variables: { x: {} }
repositories: { r: { address: "h:1", env: { A: "\${var.x}" } } }
`;
    const { repositories } = await loadClean(text, { vars: { x: '${secret.OTHER}' } });
    expect(repositories.r?.env.A).toBe('$${secret.OTHER}');
  });

  it('refuses a value for a variable that nobody declares, when it was given on purpose', async () => {
    const text = `${HEAD}variables: { site: {} }\n`;
    expect(await mistakesOf(text, { vars: { siet: 'x' }, givenVars: ['siet'] })).toEqual([
      'unknown-variable: a value is given for the variable "siet", which is not declared',
    ]);
    expect(await mistakesOf(text, { vars: { unrelated: 'x' } })).toEqual([]);
    const wrong = `${text}workers: { a: { node: pve1, slots: 0 } }\n`;
    const { diagnostics } = await load(wrong, { givenVars: ['far-away'] });
    expect(diagnostics).toMatchObject([
      { code: 'unknown-variable', remedy: 'Declare it: variables: { far-away: {} }.' },
      { code: 'out-of-range', labels: [{ line: 7 }] },
    ]);
  });

  it('names the versions that a project needs when this one does not fit', async () => {
    const text = `requiredVersion: ">=0.2 <1"\n${HEAD}`;
    expect(await mistakesOf(text, { version: '0.1.9' })).toEqual([
      'wrong-version: this project needs Muster >=0.2 <1, and this is 0.1.9',
    ]);
    expect(await mistakesOf(text, { version: '0.3.0' })).toEqual([]);
  });

  it('reports mistakes of fields and of rules at once, sorted by place', async () => {
    const { declaration, diagnostics } = await load({
      'muster.yaml': HEAD,
      'workers/b.yaml':
        'workers: { b: { node: pve1, vmid: 5000, slots: none, networks: [{ bridge: vmbr0, ipv4: { address: 10.0.0.1/24, gateway: 10.9.0.1 } }] } }\n',
      'workers/a.yaml': 'workers:\n  a:\n    image: nope\n    nod: pve1\n',
    });
    expect(declaration).toBeUndefined();
    expect(
      diagnostics.map(({ code, labels }) => `${labels[0]?.file}:${labels[0]?.line} ${code}`),
    ).toEqual([
      'workers/a.yaml:2 missing-key',
      'workers/a.yaml:3 unknown-image',
      'workers/a.yaml:4 unknown-key',
      'workers/b.yaml:1 vmid-outside',
      'workers/b.yaml:1 wrong-type',
      'workers/b.yaml:1 gateway-outside',
    ]);
  });

  it('says what to do where there is no declaration, or an empty one', async () => {
    const none = await load({});
    expect(none.diagnostics[0]).toMatchObject({
      code: 'no-declaration',
      remedy: expect.stringContaining('muster init'),
    });
    const empty = await load('# nothing yet\n');
    expect(empty.diagnostics[0]).toMatchObject({ code: 'empty-declaration' });
  });

  it('says which keys every declaration needs', async () => {
    expect(await mistakesOf('cluster: { endpoint: simulator }\n')).toEqual([
      'missing-key: the declaration has no "cluster.vmids"',
      'missing-key: the declaration has no "muster"',
      'missing-key: the declaration has no "project"',
    ]);
  });

  it('bounds the length of descriptions', async () => {
    const text = (length: number) =>
      `${HEAD}workers: { a: { node: pve1, description: ${'x'.repeat(length)} } }\n`;
    expect(await mistakesOf(text(4096))).toEqual([]);
    expect(await mistakesOf(text(4097))).toEqual([
      'too-long: description can have at most 4096 characters',
    ]);
  });

  it('takes worker names that every JavaScript object has members for', async () => {
    const { workers } = await loadClean(
      `${HEAD}workers: { constructor: { node: pve1 }, toString: { node: pve1 } }\n`,
    );
    expect(Object.keys(workers)).toEqual(['constructor', 'toString']);
    expect(await mistakesOf(`${HEAD}workers: { a: { node: pve1, image: constructor } }\n`)).toEqual(
      ['unknown-image: there is no image "constructor"'],
    );
  });
});
