import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configWrite } from '../../../src/model/attributes/config-write.ts';
import { diffAttributes } from '../../../src/model/attributes/diff-attributes.ts';
import { canonicalIp, IPV4, readIp } from '../../../src/model/attributes/ip-config.ts';
import { formatNic, parseNic } from '../../../src/model/attributes/nic.ts';
import { attributesOf, readAttributes } from '../../../src/model/attributes/read-attributes.ts';
import { costOf, fallbackOf, rowOf } from '../../../src/model/attributes/rows.ts';
import { descriptionOf } from '../../../src/model/card.ts';
import { cardLine, readMarks } from '../../../src/model/marks.ts';
import { config, edited, made, withWorkers, workerIn } from '../../plan/support/builders.ts';

const PLACE = { node: 'pve1', vmid: 1 };

describe('configs as strangers write them', () => {
  test('anything can be read, and a write never throws', () => {
    const key = fc.oneof(
      fc.constantFrom(
        ...'net0 net1 scsi0 virtio0 ide2 ipconfig0 sshkeys smbios1 tags cores memory boot agent cpu cicustom nameserver description unused0 meta'.split(
          ' ',
        ),
      ),
      fc.string({ maxLength: 12 }),
    );
    const spec = workerIn(withWorkers({ a: { node: 'pve1' } }), 'a').spec;
    fc.assert(
      fc.property(fc.dictionary(key, fc.string({ maxLength: 40 })), (values) => {
        const found = readAttributes(config(values), PLACE);
        const views = {
          desired: attributesOf(spec, 'a'),
          found,
          declaredBefore: undefined,
          observed: undefined,
        };
        configWrite(config(values), diffAttributes(views));
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['virtio=BC:24:11:00:00:01,bridge=vmbr0', { model: 'virtio', mac: 'BC:24:11:00:00:01' }],
    ['virtio,bridge=vmbr0', { model: 'virtio' }],
    ['model=e1000,macaddr=bc:24:11:00:00:01', { model: 'e1000', mac: 'BC:24:11:00:00:01' }],
    ['bridge=vmbr0', { model: 'virtio' }],
    ['e1000,macaddr=BC:24:11:00:00:01', { model: 'e1000', mac: 'BC:24:11:00:00:01' }],
  ])('a NIC written %s', (text, expected) => {
    expect(parseNic(text)).toMatchObject(expected);
  });

  test.each([
    ['e1000', 'e1000'],
    ['e1000,bridge=vmbr0', 'e1000,bridge=vmbr0'],
    ['macaddr=bc:24:11:00:00:01,model=e1000,bridge=vmbr0', 'e1000=BC:24:11:00:00:01,bridge=vmbr0'],
    ['e1000=no-mac,bridge=vmbr0', 'e1000,bridge=vmbr0'],
  ])('a NIC written %s is written back as %s', (text, written) => {
    expect(formatNic(parseNic(text))).toBe(written);
  });

  test('keys that are no percent-encoding are shown as they stand', () => {
    const found = readAttributes(config({ sshkeys: 'ssh-rsa 100% mine' }), PLACE);
    expect(found['cloudInit.sshKeys']).toEqual(['ssh-rsa 100% mine']);
  });

  test('an address that is none stays as it is, and so shows as a difference', () => {
    const found = readAttributes(
      config({ net0: 'virtio', ipconfig0: 'ip=10.0.0.1,gw=nope' }),
      PLACE,
    );
    expect(found['networks[0].ipv4']).toEqual({ address: '10.0.0.1', gateway: 'nope' });
  });

  test.each<[string, unknown]>([
    ['ip=dhcp', 'dhcp'],
    ['ip=10.0.0.5/24', { address: '10.0.0.5/24' }],
    ['ip=10.0.0.5/24/8', { address: '10.0.0.5/24/8' }],
    ['ip=10.0.0.5/24,gw=10.0.0.1', { address: '10.0.0.5/24', gateway: '10.0.0.1' }],
    ['ip6=auto', undefined],
    ['gw=10.0.0.1', undefined],
  ])('an address written %s', (text, address) => {
    expect(readIp(text, IPV4)).toStrictEqual(address);
  });
});

describe('an address as it is declared', () => {
  test.each<[Parameters<typeof canonicalIp>[0], unknown]>([
    [undefined, undefined],
    ['none', null],
    ['auto', 'auto'],
    [{ address: '2001:DB8::31/64' }, { address: '2001:db8::31/64' }],
    [
      { address: '10.0.0.5/24', gateway: '10.0.0.1' },
      { address: '10.0.0.5/24', gateway: '10.0.0.1' },
    ],
  ])('%j', (spec, value) => {
    expect(canonicalIp(spec)).toStrictEqual(value);
  });
});

describe('rows', () => {
  test('the members of an option count in any order', () => {
    const declared = (options: Readonly<Record<string, string>>) => {
      const worker = withWorkers({ a: { node: 'pve1', options } });
      return attributesOf(workerIn(worker, 'a').spec, 'a')['options.rng0'];
    };
    const shown = readAttributes(
      config({ rng0: 'source=/dev/urandom,max_bytes=1024,period=1000' }),
      PLACE,
    );
    expect(declared({ rng0: 'max_bytes=1024,period=1000,source=/dev/urandom' })).toBe(
      shown['options.rng0'],
    );
    expect(declared({ rng0: '/dev/urandom,period=1000' })).toBe('/dev/urandom,period=1000');
    expect(fallbackOf('options.constructor')).toBeNull();
  });

  test('names that every object inherits are labels and options like any other', () => {
    const spec = workerIn(
      withWorkers({ a: { node: 'pve1', labels: { constructor: 'x', 'a.b': 'y' } } }),
      'a',
    ).spec;
    expect(attributesOf(spec, 'a')).toMatchObject({ 'labels.constructor': 'x', 'labels.a.b': 'y' });
    expect(rowOf('labels.a.b')?.path).toBe('labels.*');
  });

  test('a path without a row means a new VM, and has no default', () => {
    expect([rowOf('image'), costOf('image', 'a', 'b'), fallbackOf('image')]).toEqual([
      undefined,
      'rebuild',
      null,
    ]);
  });

  test('a NIC that comes makes cloud-init run again, another bridge does not', () => {
    expect(costOf('networks[1].bridge', null, 'vmbr0')).toBe('cloud-init-rerun');
    expect(costOf('networks[1].bridge', 'vmbr1', 'vmbr0')).toBe('in-place');
  });
});

describe('pools', () => {
  const cluster = (pool?: string) => {
    const base = withWorkers({}).cluster;
    return { cluster: { ...base, ...(pool === undefined ? {} : { pool }) } };
  };
  const spec = (pool?: string) =>
    workerIn(withWorkers({ a: { node: 'pve1' } }, cluster(pool)), 'a').spec;

  test.each([
    ['into one', undefined, 'workers', { pool: 'workers', join: true }],
    ['from one to another', 'old', 'workers', { pool: 'workers', join: true }],
    ['out of one', 'workers', undefined, { pool: 'workers', join: false }],
  ])('a VM moves %s', (_, from, to, pool) => {
    const vm = made(workerIn(withWorkers({ a: { node: 'pve1' } }), 'a'), 9100);
    const place = { node: 'pve1', vmid: 9100, ...(from === undefined ? {} : { pool: from }) };
    const changes = diffAttributes({
      desired: attributesOf(spec(to), 'a'),
      found: readAttributes(vm.config, place),
      declaredBefore: attributesOf(spec(from), 'a'),
      observed: undefined,
    }).filter(({ path }) => path === 'pool');
    const context = from === undefined ? {} : { pool: from };
    expect(configWrite(vm.config, changes, context)).toMatchObject({ set: {}, remove: [], pool });
  });
});

describe('the card', () => {
  const owner = {
    lineage: '5d0c77e1-0000-4000-8000-000000000000',
    project: 'backup',
    environment: '',
    worker: 'a',
    uuid: '00000000-0000-4000-8000-000000000001',
  };

  test('tells people whose it is, where it is declared, and that edits are reverted', () => {
    const text = descriptionOf(owner, undefined, 'workers/north.yaml');
    expect(text).toContain('managed by Muster (project backup)');
    expect(text).toContain('Declared in workers/north.yaml. Changes made here are reverted.');
    expect(readMarks({ description: text }).card).toEqual(owner);
  });

  test('stands whole between the user’s own words and the marks', () => {
    const north = { ...owner, environment: 'north' };
    const card = [
      'Backup worker a, managed by Muster (project backup, north).',
      'Declared in muster.yaml. Changes made here are reverted.',
      cardLine(north),
    ];
    const words = 'nightly\rand weekly\n';
    expect(descriptionOf(north, words, 'muster.yaml').split('\n\n')).toEqual([
      'nightly\nand weekly',
      ...card,
    ]);
    expect(descriptionOf(north, undefined, 'muster.yaml').split('\n\n')).toEqual(card);
  });

  test('a description of the user’s can not pass for another owner', () => {
    const forged =
      'muster:1 {"lineage":"x","uuid":"00000000-0000-4000-8000-00000000000f","project":"p","environment":"","worker":"w"}';
    const text = descriptionOf(owner, `mine\r\n${forged}\n\n`, 'muster.yaml');
    expect(readMarks({ description: text }).card).toEqual(owner);
    expect(text).toContain(`mine\n| ${forged}\n`);
    expect(text).not.toContain('\r');
  });

  test('white space at the end, which PVE drops, is no change', () => {
    const worker = made(
      workerIn(withWorkers({ a: { node: 'pve1', description: 'x  ' } }), 'a'),
      9100,
    );
    const shown = edited(worker.config, { description: `${worker.config.values.description}\n` });
    const found = readAttributes(shown, PLACE);
    expect(found.description).toBe(worker.record.observed?.description);
  });
});
