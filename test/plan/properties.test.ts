import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configWrite } from '../../src/model/attributes/config-write.ts';
import type { VmConfig } from '../../src/model/inventory.ts';
import { canonicalJson } from '../../src/model/json.ts';
import type { Plan } from '../../src/model/plan.ts';
import { GiB } from '../../src/model/quantity.ts';
import type { NetworkSpec, WorkerFields } from '../../src/model/worker.ts';
import {
  deployed,
  edited,
  type Made,
  made,
  planOf,
  withWorkers,
  workerIn,
  written,
} from './support/builders.ts';

const ip = fc.integer({ min: 2, max: 250 });
const network: fc.Arbitrary<NetworkSpec> = fc.record(
  {
    bridge: fc.constantFrom('vmbr0', 'vmbr1'),
    vlan: fc.integer({ min: 1, max: 4094 }),
    mtu: fc.constantFrom(1400, 1500, 9000),
    model: fc.constantFrom('virtio', 'e1000', 'vmxnet3'),
    mac: ip.map((n) => `BC:24:11:00:00:${n.toString(16).padStart(2, '0').toUpperCase()}`),
    firewall: fc.boolean(),
    ipv4: fc.oneof(
      fc.constantFrom('dhcp' as const, 'none' as const),
      ip.map((n) => ({ address: `10.1.2.${n}/24`, gateway: '10.1.2.1' })),
    ),
    ipv6: fc.oneof(
      fc.constantFrom('auto' as const, 'dhcp' as const),
      ip.map((n) => ({ address: `2001:DB8::${n}/64` })),
    ),
  },
  { requiredKeys: ['bridge'] },
);

/** Two NICs of one worker with one MAC or address would be an error of the declaration. */
function apart(networks: readonly NetworkSpec[]): readonly NetworkSpec[] {
  return networks.map(({ mac, ...nic }, index) => ({
    ...nic,
    vlan: index + 1,
    ...(mac === undefined ? {} : { mac: `BC:24:11:00:01:0${index}` }),
  }));
}

const fields: fc.Arbitrary<WorkerFields> = fc.record(
  {
    node: fc.constant('pve1'),
    description: fc.string({ unit: 'grapheme', maxLength: 60 }),
    enabled: fc.boolean(),
    slots: fc.integer({ min: 1, max: 20 }),
    memory: fc.integer({ min: 1, max: 64 }).map((n) => n * GiB),
    cpu: fc.record(
      { cores: fc.integer({ min: 1, max: 16 }), type: fc.constantFrom('host', 'x86-64-v2-AES') },
      { requiredKeys: [] },
    ),
    disk: fc.record(
      {
        size: fc.integer({ min: 20, max: 99 }).map((n) => n * GiB),
        discard: fc.boolean(),
        ssd: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    networks: fc.array(network, { minLength: 1, maxLength: 3 }).map(apart),
    dns: fc.record(
      {
        servers: fc.array(
          ip.map((n) => `10.0.0.${n}`),
          { maxLength: 3 },
        ),
        search: fc.constant('example.net'),
      },
      { requiredKeys: [] },
    ),
    cloudInit: fc.record(
      {
        user: fc.constantFrom('muster', 'ops'),
        sshKeys: fc.array(fc.constantFrom('ssh-ed25519 AAAA a@b', 'ssh-rsa BBBB+/= x (y)'), {
          maxLength: 2,
        }),
        vendorData: fc.constant('local:snippets/v.yaml'),
      },
      { requiredKeys: [] },
    ),
    options: fc.record(
      {
        machine: fc.constantFrom('q35', 'pc'),
        kvm: fc.boolean(),
        tablet: fc.boolean(),
        balloon: fc.integer({ min: 0, max: 512 }),
      },
      { requiredKeys: [] },
    ),
    tags: fc.array(fc.constantFrom('Prod', 'b', 'a-b'), { maxLength: 3 }),
    labels: fc.dictionary(fc.constantFrom('site', 'constructor', 'a.b'), fc.constant('x')),
    protect: fc.boolean(),
  },
  { requiredKeys: ['node'] },
);

describe('for any declaration', () => {
  test('the plan straight after an apply is empty (P30, P37)', () => {
    fc.assert(
      fc.property(fields, (declared) => {
        const declaration = withWorkers({ a: declared });
        const worker = made(workerIn(declaration, 'a'), 9100);
        const plan = planOf({ declaration, ...deployed({ a: worker }) });
        expect(plan.workers).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test('any change converges: what is planned after it was carried out is nothing', () => {
    fc.assert(
      fc.property(fields, fields, (before, after) => {
        const from = made(workerIn(withWorkers({ a: before }), 'a'), 9100);
        const declaration = withWorkers({ a: after });
        const worker = workerIn(declaration, 'a');
        // A disk only grows, so the larger of both is what can be asked for.
        fc.pre((before.disk?.size ?? 20 * GiB) <= (after.disk?.size ?? Number.MAX_SAFE_INTEGER));
        const plan = planOf({ declaration, ...deployed({ a: from }) });
        const to = made(worker, 9100);
        const done = { ...to, config: converge(from, plan) };
        const again = planOf({ declaration, ...deployed({ a: done }) });
        expect(again.workers.flatMap(({ changes }) => changes)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test('shuffled input gives the same bytes', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 2 });
    fc.assert(
      fc.property(names, fc.nat(), (order, seed) => {
        const plan = (keys: readonly string[]) => {
          const workers = Object.fromEntries(
            keys.map((name) => [name, { node: 'pve1', deploy: 'eager' as const }]),
          );
          const old = withWorkers(Object.fromEntries(keys.map((name) => [name, { node: 'pve1' }])));
          const all = deployed(
            Object.fromEntries(
              keys
                .filter((name) => name < 'c')
                .map((name) => [
                  name,
                  drifted(made(workerIn(old, name), 9100 + name.charCodeAt(0) - 97)),
                ]),
            ),
          );
          return canonicalJson(planOf({ declaration: withWorkers(workers), ...all }));
        };
        const turned = [
          ...order.slice(seed % order.length),
          ...order.slice(0, seed % order.length),
        ].reverse();
        expect(plan(turned)).toBe(plan(order));
      }),
      { numRuns: 50 },
    );
  });
});

function drifted(worker: Made): Made {
  return { ...worker, config: edited(worker.config, { memory: '1024' }) };
}

function converge(from: Made, plan: Plan): VmConfig {
  const changes = plan.workers
    .flatMap((worker) => worker.changes)
    .filter(({ cost }) => cost !== 'record');
  return written(from.config, configWrite(from.config, changes));
}
