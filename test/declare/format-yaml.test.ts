import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatYaml } from '../../src/declare/format-yaml.ts';
import { starterDeclaration } from '../../src/declare/starter.ts';
import { workerYaml } from '../../src/declare/worker-yaml.ts';
import { canonicalDuration, canonicalSize, parseDuration } from '../../src/model/quantity.ts';
import { HEAD, loadClean } from './project-files.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');

function format(text: string): string {
  const formatted = formatYaml('muster.yaml', new TextEncoder().encode(text));
  return formatted.kind === 'formatted'
    ? formatted.text
    : `unreadable: ${formatted.diagnostics[0]?.code}`;
}

const examples = readdirSync(EXAMPLES, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.name.endsWith('.yaml'))
  .map((entry) => join(entry.parentPath, entry.name));

describe('formatting', () => {
  it('indents by two, and keeps comments, anchors, quotes and long lines', () => {
    const long = 'word '.repeat(60).trim();
    const text = `# head\nworkers:\n    a:\n        node:   pve1   # first\n        description: ${long}\n        labels: &l {a: "1"}\n    b: {<<: *l,   node: 'pve2'}\n`;
    expect(format(text)).toBe(
      `# head\nworkers:\n  a:\n    node: pve1 # first\n    description: ${long}\n    labels: &l { a: "1" }\n  b: { <<: *l, node: 'pve2' }\n`,
    );
  });

  it.each(examples)('leaves %s as it is, comments in their columns too', (file) => {
    const text = readFileSync(file, 'utf8');
    expect(format(text)).toBe(text);
  });

  it.each([
    { project: 'p', endpoint: 'simulator' },
    {
      project: 'on',
      endpoint: 'https://pve1.example.net:8006',
      fingerprint: 'AB:CD',
      nodes: ['pve1', 'on'],
      storages: { on: 'ceph' },
      template: 9000,
    },
  ])('leaves the starter as it is', (options) => {
    const text = starterDeclaration(options);
    expect(format(text)).toBe(text);
  });

  it('leaves what import writes as it is', () => {
    const written = workerYaml('007', {
      image: 'debian-13',
      node: 'pve1',
      memory: 3 * 2 ** 30,
      disk: { storage: 'local-lvm', size: 20 * 2 ** 30 },
      slots: 2,
      tags: ['a'],
    });
    expect(written).toBe(
      '"007":\n  node: pve1\n  slots: 2\n  image: debian-13\n  memory: 3GiB\n  disk:\n    size: 20GiB\n    storage: local-lvm\n  tags:\n    - a\n',
    );
    const text = `workers:\n${written.replace(/^(?=.)/gm, '  ')}`;
    expect(format(text)).toBe(text);
  });

  it('of a file with mistakes reports them', () => {
    expect(format('workers: [')).toBe('unreadable: yaml-syntax');
    expect(format('a: *b\n')).toBe('unreadable: unknown-anchor');
  });

  it('has no padding in lists, one space in maps, and keeps the line breaks of both', () => {
    expect(format('workers: {a: {node: x,tags: [ ]}, b: { }}\nremoved: [ a,b ,  c ]\n')).toBe(
      'workers: { a: { node: x, tags: [] }, b: {} }\nremoved: [a, b, c]\n',
    );
    const broken =
      'workers:\n  a:\n    networks:\n      - { bridge: vmbr0, vlan: 120,\n          ipv4: dhcp }\n';
    expect(format(broken.replace('bridge:', 'bridge:  '))).toBe(broken);
  });

  it('indents lists in their keys, and texts over several lines with them', () => {
    const text =
      'workers:\n   a:\n      tags:\n      -   x\n      files:\n      -  to: /a\n         from: b\n      description: |\n         # two\n           lines\n';
    expect(format(text)).toBe(
      'workers:\n  a:\n    description: |\n       # two\n         lines\n    files:\n      - from: b\n        to: /a\n    tags:\n      - x\n',
    );
  });
});

describe('the canonical order', () => {
  it('is the order of the schema; names of workers and unknown keys stay where they are', () => {
    const text =
      'workers:\n  z: { memory: 6GiB, node: pve1 }\n  a: { x: 1, slots: 2, y: 2, node: pve1 }\nx-own: 1\nproject: p\nmuster: 1\n';
    expect(format(text)).toBe(
      'muster: 1\nx-own: 1\nproject: p\nworkers:\n  z: { node: pve1, memory: 6GiB }\n  a: { x: 1, node: pve1, y: 2, slots: 2 }\n',
    );
  });

  it('is that of the design for the top level and for workers', () => {
    const top =
      'muster project requiredVersion include cluster state images repositories defaults workers workerSets renamed removed sessions guards variables';
    const worker =
      'node description enabled slots vmid image storage cpu memory disk networks dns cloudInit files options tags labels deploy onImageChange protect patch checks timeouts';
    const lines = (keys: string) => keys.split(' ').map((key) => `${key}: {}\n`);
    expect(format(lines(top).toReversed().join(''))).toBe(lines(top).join(''));
    const shuffled = lines(worker).toReversed().join('    ');
    expect(format(`workers:\n  a:\n    ${shuffled}`)).toBe(
      `workers:\n  a:\n    ${lines(worker).join('    ')}`,
    );
  });

  it('moves the comments above, behind and below a key with it', () => {
    const text = `# about the file

workers:
  a:
    # how much
    memory: 6GiB     # enough
    networks:        # nets
      - bridge: x
      # no second one
    # where

    # it runs
    node: pve1
    # the end of a

  # before b
  b: {} # b
# who
project: p
# tail
`;
    expect(format(text)).toBe(`# about the file

# who
project: p
workers:
  a:
    # where

    # it runs
    node: pve1
    # how much
    memory: 6GiB     # enough
    networks:        # nets
      - bridge: x
      # no second one
    # the end of a

  # before b
  b: {} # b
# tail
`);
  });

  it('never moves an alias above its anchor', () => {
    const text = 'workers:\n  a: &a\n    node: pve1\ndefaults: *a\n';
    expect(format(text)).toBe(text);
  });
});

describe('canonical quantities', () => {
  it('are written where the schema has a quantity, and nowhere else', () => {
    const text =
      'workers:\n  a:\n    description: 6144MiB\n    memory: 6144MiB\n    disk: { size: "1000 GB" }\n    labels: { size: 60m }\n    patch: { maxAge: 1440m }\n    timeouts: { start: 90s, test: \'60m\' }\n';
    expect(format(text)).toBe(
      'workers:\n  a:\n    description: 6144MiB\n    memory: 6GiB\n    disk: { size: "1TB" }\n    labels: { size: 60m }\n    patch: { maxAge: 24h }\n    timeouts: { start: 90s, test: \'1h\' }\n',
    );
  });

  it.each([
    ['6144MiB', '6GiB'],
    ['1.5 GiB', '1536MiB'],
    ['100GB', '100GB'],
    ['1000KB', '1MB'],
    ['1073741824B', '1GiB'],
    ['6 eggs', undefined],
  ])('%s is %s', (text, canonical) => expect(canonicalSize(text)).toBe(canonical));

  it.each([
    ['60m', '1h'],
    ['90s', '90s'],
    ['24h', '24h'],
    ['7d', '7d'],
    ['0.5d', '12h'],
    ['1h30m', '1h30m'],
    ['89m60s', '1h30m'],
    ['1000ms', '1s'],
    ['soon', undefined],
  ])('%s is %s', (text, canonical) => expect(canonicalDuration(text)).toBe(canonical));

  it('stand for what was written', () => {
    const part = fc
      .tuple(fc.integer({ min: 0, max: 9999 }), fc.constantFrom('ms', 's', 'm', 'h', 'd'))
      .map(([count, unit]) => `${count}${unit}`);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const text = parts.join('');
        const canonical = canonicalDuration(text) ?? text;
        expect(parseDuration(canonical)).toBe(parseDuration(text));
        expect(canonicalDuration(canonical) ?? canonical).toBe(canonical);
      }),
    );
  });
});

/** Fields of a worker as somebody in a hurry writes them; `~` is the indentation of the worker's keys. */
const FIELDS = [
  'memory:   6144MiB',
  'slots: 2',
  'cpu: {type: host,cores: 2}',
  'disk: {discard: true, size: 20480MiB }',
  'tags: [ a,b ]',
  'timeouts: {test: 300s, start: 3m}',
  'checks:\n~- timeout: 60s\n~  run: ["true"]\n~  # named\n~  name: c',
  'checks:\n~   -   run: ["true"]\n~       name: c\n\n~       timeout: 60s',
  'labels:\n~    z: "1"\n~    a: "2"',
  'description: "x\n~   y"',
  'description: |\n~  # no comment\n\n~    deeper\n',
  'networks:\n~    - { ipv4: dhcp,\n~        bridge: vmbr0 }   # in two lines',
  'patch: &patch { maxAge: 60m, policy: all }',
];

const worker = fc
  .record({
    indent: fc.integer({ min: 1, max: 6 }),
    node: fc.nat({ max: 5 }),
    fields: fc.uniqueArray(
      fc.record({
        text: fc.constantFrom(...FIELDS),
        above: fc.constantFrom<string>(
          '',
          '~# above\n',
          '\n',
          '\n~# one\n\n~# two\n',
          '~    # deep\n',
        ),
        behind: fc.constantFrom<string>('', '  # behind', '          # far'),
      }),
      { selector: ({ text }) => text.split(':')[0], maxLength: 6 },
    ),
  })
  .map(({ indent, node, fields }) => {
    const all = fields.toSpliced(node, 0, { text: 'node:  pve1', above: '', behind: ' # here' });
    const lines = all.map(({ text, above, behind }) => {
      const isOneLine = !text.includes('\n');
      return `${above}~${text}${isOneLine ? behind : ''}\n`;
    });
    return lines.join('').replaceAll('~', ' '.repeat(2 + indent));
  });

/** What was declared, without the places where it stands. */
async function meaning(text: string): Promise<unknown> {
  return JSON.parse(JSON.stringify(await loadClean(text)));
}

describe('any declaration', () => {
  it('means the same when it is laid out, has the same comments, and is not laid out again', async () => {
    const texts = fc.uniqueArray(worker, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(texts, fc.boolean(), async (workers, isFirst) => {
        const blocks = workers.map((text, index) => `  b${9 - index}: # w${index}\n${text}`);
        const section = `workers:\n${blocks.join('')}`;
        const before = isFirst ? `${section}\n# head\n${HEAD}` : `${HEAD}${section}# tail\n`;
        const after = format(before);
        expect(await meaning(after)).toEqual(await meaning(before));
        expect(after.match(/# (?!no comment).*$/gm)?.sort()).toEqual(
          before.match(/# (?!no comment).*$/gm)?.sort(),
        );
        expect(format(after)).toBe(after);
        expect(after).not.toMatch(/6144MiB|\[ | ,|60s/);
        expect(after).toMatch(/^muster: 1\nproject/m);
      }),
      { numRuns: 100 },
    );
  });
});
