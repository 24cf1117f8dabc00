import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { diagnosticsText } from '../../src/report/diagnostic-text.ts';
import { load } from './project-files.ts';

/** Every key of a declaration, so that every part of it can be spoilt. */
const WHOLE: unknown = parse(`
muster: 1
project: backup
requiredVersion: ">=0.1 <1"
include: [workers/*.yaml]
cluster:
  name: north
  endpoint: [https://pve1.example.net:8006]
  tls: { fingerprint: "${Array(32).fill('A4').join(':')}" }
  vmids: { from: 9100, to: 9199 }
  pool: backup-workers
  limits: { parallelism: 8, perNode: 2, perStorage: 2 }
state: { backend: local, path: muster.state.json }
images:
  debian: { template: 9000, clone: full }
  named: { template: { name: debian } }
  spread: { template: { perNode: { pve1: 9000 } } }
  imported: { import: "local:import/debian.qcow2" }
  cloud:
    url: https://cloud.example.net/debian.qcow2
    checksum: "sha256:${'ab'.repeat(32)}"
    storage: local
repositories:
  main: { address: pbs.example.net:8007, maxConcurrent: 8, env: { A: "x", B: "\${secret.PW}" } }
defaults: { image: debian, storage: local-lvm }
workers:
  full:
    node: pve1
    description: nightly
    enabled: true
    slots: 4
    vmid: 9101
    cpu: { cores: 6, type: host }
    memory: 6GiB
    disk: { size: 20GiB, storage: local-lvm, discard: true, ssd: true }
    networks:
      - bridge: vmbr0
        vlan: 120
        mtu: 1500
        model: virtio
        mac: "BC:24:11:00:00:01"
        firewall: false
        ipv4: { address: 10.20.0.31/24, gateway: 10.20.0.1 }
        ipv6: auto
    dns: { servers: [10.20.0.1], search: example.net }
    cloudInit: { user: muster, sshKeys: ["ssh-ed25519 AAAA"], vendorData: "local:snippets/v.yaml" }
    files: [{ from: script, to: /usr/local/bin/x, mode: "0755" }]
    options: { machine: q35 }
    tags: [prod]
    labels: { site: north }
    deploy: onDemand
    onImageChange: replace
    protect: false
    patch: { policy: all, reboot: ifRequired, maxAge: 24h, required: false }
    checks: [{ name: c, run: [test, -w, /mnt], timeout: 10s }]
    timeouts: { deploy: 30m, start: 3m, test: 5m, patch: 30m, shutdown: 3m }
workerSets:
  all: { nodes: all, name: "b-\${node}", worker: { slots: 4 }, perNode: { pve3: { slots: 2 } } }
  some: { nodes: { except: [pve4] }, name: "s-\${node}" }
renamed: { old: full, "p-\${node}": "b-\${node}" }
removed: [gone]
sessions:
  nightly:
    kind: backup
    workers: { labels: { site: north } }
    placement: any
    items:
      - { name: catalog, run: [dump] }
      - forEachVm: { pool: production, exclude: [105] }
        name: "vm-\${vm.id}"
        run: [backup, "\${vm.name}"]
        repository: main
        timeout: 4h
        retries: 1
    guards: { minItems: 1, minWorkers: 1, waitForWorkers: 15m }
    reserve: 0
    env: { X: y }
guards: { maxDestroy: 2, maxReplace: 1, forbid: [replace] }
variables: { site: { default: north } }
`);

type Path = readonly (string | number)[];

function pathsIn(value: unknown, path: Path = []): readonly Path[] {
  if (value === null || typeof value !== 'object') return [path];
  const members = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...members.flatMap(([key, member]) => pathsIn(member, [...path, key]))];
}

const PATHS = pathsIn(WHOLE).filter((path) => path.length > 0);

const NASTY = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, true, 0, -1, 1.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY, '', 'x', '1', '0x1'],
    ...['${var.site}', '${var.nope}', '${node}', '${vm.id}', '${secret.A}', '${', '$${x}'],
    ...['../x', '/etc/passwd', 'http://u:p@h', '10.0.0.1', '0.0.0.0/0', 'fe80::1%eth0', '0s'],
    ...['constructor', '__proto__', '\u202e', '\u001b[31m', 'a\nb', 'a'.repeat(5_000)],
    ...[[], {}, [[]], [null], [{}], { a: null }, { constructor: {} }],
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary' }),
);

/** A copy with one value exchanged. Parents that an earlier exchange took away are left alone. */
function spoilt(value: unknown, [part, ...rest]: Path, nasty: unknown): unknown {
  if (part === undefined) return nasty;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value))
    return value.map((member, index) => (index === part ? spoilt(member, rest, nasty) : member));
  const members = Object.entries(value).map(([key, member]) => [
    key,
    key === part ? spoilt(member, rest, nasty) : member,
  ]);
  return Object.fromEntries(members);
}

const DECLARATIONS = fc
  .array(fc.tuple(fc.constantFrom(...PATHS), NASTY), { minLength: 1, maxLength: 4 })
  .map((changes) =>
    stringify(
      changes.reduce((document, [path, nasty]) => spoilt(document, path, nasty), WHOLE),
      { aliasDuplicateObjects: false },
    ),
  );

describe('whatever stands in a declaration', () => {
  it('is taken, or reported with its place and in words that harm no terminal', async () => {
    await fc.assert(
      fc.asyncProperty(DECLARATIONS, async (text) => {
        const { declaration, diagnostics } = await load({
          'muster.yaml': text,
          script: '#!/bin/sh',
        });
        const errors = diagnostics.filter(({ severity }) => severity === 'error');
        expect(declaration === undefined).toBe(errors.length > 0);
        expect(errors.filter(({ labels }) => labels.length === 0)).toEqual([]);
        const shown = diagnosticsText(diagnostics, '').join('\n');
        expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
        const ours = shown.replace(/^.*\|.*$/gm, '');
        expect(ours).not.toMatch(/\bundefined\b|\[object Object\]/);
      }),
      { numRuns: 300 },
    );
  });
});
