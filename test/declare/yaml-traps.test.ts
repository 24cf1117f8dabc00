import { describe, expect, it } from 'vitest';
import { HEAD, load, loadClean, mistakesOf } from './project-files.ts';

const include = (text: string | Uint8Array) => ({ 'muster.yaml': HEAD, 'workers/a.yaml': text });

describe('YAML', () => {
  it('may use one anchor in hundreds of workers, merge keys included', async () => {
    const workers = Array.from({ length: 500 }, (_, i) => `  w${i}: { <<: *base, node: pve1 }`);
    const declaration = await loadClean(
      include(`x-base: &base { slots: 3 }\nworkers:\n${workers.join('\n')}\n`),
    );
    expect(Object.values(declaration.workers).every(({ slots }) => slots === 3)).toBe(true);
  });

  it('merges a list of maps, the earlier one stronger, own keys strongest', async () => {
    const text = `x-a: &a { slots: 1, enabled: false }
x-b: &b { slots: 2, protect: true }
workers: { w: { node: pve1, <<: [*a, *b], enabled: true } }
`;
    const { workers } = await loadClean(include(text));
    expect(workers.w).toEqual({ node: 'pve1', slots: 1, protect: true, enabled: true });
  });

  it('may use an anchor of a key: its alias stands for the name', async () => {
    const { workers } = await loadClean(
      include('workers: { &name backup-1: { node: pve1, description: *name } }\n'),
    );
    expect(workers['backup-1']?.description).toBe('backup-1');
  });

  it('that merge keys blow up is refused', async () => {
    const keys = Array.from({ length: 2000 }, (_, i) => `  k${i}: 1`).join('\n');
    const often = `<<: [${Array(999).fill('*base').join(', ')}], <<: *base, <<: *base`;
    const text = `x-base: &base\n${keys}\nx-a: { ${often} }\nx-b: { <<: *base }\n`;
    expect(await mistakesOf(include(text))).toEqual([
      'expansion-too-large: with its aliases put in, this has more than 2000000 values',
    ]);
  });

  it('that aliases blow up is refused for what it grows to, in little time', async () => {
    const layers = Array.from(
      { length: 9 },
      (_, i) => `x-${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(', ')}]`,
    );
    const started = performance.now();
    const mistakes = await mistakesOf(include(`x-0: &l0 [lol]\n${layers.join('\n')}\n`));
    expect(mistakes.length).toBeGreaterThan(0);
    expect(mistakes.every((text) => text.startsWith('expansion-too-large'))).toBe(true);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it.each([
    ['brackets', `workers: ${'['.repeat(100_000)}`],
    ['blocks', Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['a few more levels than sixty', `x-a: ${'['.repeat(70)}${']'.repeat(70)}`],
    ['dashes', `workers: \n ${'- '.repeat(20_000)}a`],
    [
      'aliases of aliases',
      Array.from(
        { length: 200 },
        (_, i) => `x-${i}: &a${i} { x: ${i === 0 ? 1 : `*a${i - 1}`} }`,
      ).join('\n'),
    ],
  ])('nested without end by %s is an error, not a crash', async (_, text) => {
    const mistakes = await mistakesOf(include(text));
    expect(mistakes.every((mistake) => mistake.startsWith('nested-too-deeply'))).toBe(true);
    expect(mistakes.length).toBeGreaterThan(0);
  });

  it('may hold many brackets in its texts', async () => {
    const lists = Array.from({ length: 120 }, (_, i) => `  b${i}: { node: pve1, tags: [x] }\n`);
    const text = `workers:\n  a:\n    node: pve1\n    description: "${'[{'.repeat(500)}"\n`;
    const { workers } = await loadClean(include(text + lists.join('')));
    expect(workers.a?.description).toHaveLength(1000);
  });

  it('begins with a byte order mark in some editors', async () => {
    const bytes = new Uint8Array([
      0xef,
      0xbb,
      0xbf,
      ...new TextEncoder().encode('workers: { a: { node: pve1 } }'),
    ]);
    expect(Object.keys((await loadClean(include(bytes))).workers)).toEqual(['a']);
  });

  it('larger than 16 MiB is not read', async () => {
    expect(await mistakesOf(include(new Uint8Array(2 ** 24 + 1)))).toEqual([
      'file-too-large: the file has 16777217 bytes, more than 16777216',
    ]);
  });

  it('that is not UTF-8 is said to be so', async () => {
    expect(await mistakesOf(include(new Uint8Array([0xff, 0xfe, 0x61, 0x00])))).toEqual([
      'not-utf8: the file is not UTF-8 text',
    ]);
  });

  it('reads Windows line ends', async () => {
    const { diagnostics } = await load(
      include('workers:\r\n  a:\r\n    nod: pve1\r\n    node: pve1\r\n'),
    );
    expect(diagnostics[0]?.labels[0]).toMatchObject({
      line: 3,
      column: 5,
      frame: [
        [2, '  a:'],
        [3, '    nod: pve1'],
        [4, '    node: pve1'],
      ],
    });
  });

  it('is YAML 1.2: yes and on are text, 010 is ten', async () => {
    const { workers } = await loadClean(
      include('workers: { on: { node: pve1, labels: { a: yes }, slots: 010 } }\n'),
    );
    expect(workers.on).toEqual({ node: 'pve1', labels: { a: 'yes' }, slots: 10 });
  });

  it('reports a mistake in an anchor once, however often the anchor is used', async () => {
    const workers = Array.from({ length: 50 }, (_, i) => `  w${i}: { <<: *base, node: pve1 }`);
    const { diagnostics } = await load(
      include(`x-base: &base { slots: 0 }\nworkers:\n${workers.join('\n')}\n`),
    );
    expect(diagnostics).toMatchObject([
      { code: 'out-of-range', labels: [{ line: 1, column: 24 }] },
    ]);
  });

  it('with thousands of mistakes shows the first two hundred and counts the rest', async () => {
    const workers = Array.from(
      { length: 2000 },
      (_, i) => `  w${i}: { node: pve1, slots: ${i + 1000} }`,
    );
    const { diagnostics } = await load(include(`workers:\n${workers.join('\n')}\n`));
    expect(diagnostics).toHaveLength(201);
    expect(diagnostics.at(-1)?.message).toBe('1800 more mistakes are not shown');
  });

  it('with hundreds of warnings and no error is a declaration all the same', async () => {
    const workers = Array.from({ length: 202 }, (_, i) => {
      const [first, second] = [1, 2].map(
        (host) => `{ bridge: vmbr0, ipv4: { address: 10.0.${i}.${host}/24 } }`,
      );
      return `  w${i}: { node: pve1, networks: [${first}, ${second}] }`;
    });
    const { declaration, diagnostics } = await load(include(`workers:\n${workers.join('\n')}\n`));
    expect(declaration).toBeDefined();
    expect(diagnostics.at(-1)).toMatchObject({
      severity: 'warning',
      message: '2 more mistakes are not shown',
    });
  });

  it('with random bytes gives diagnostics and never throws', async () => {
    let seed = 42;
    const next = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed;
    };
    const pieces = [
      'workers:',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ': ',
      '&a ',
      '*a',
      '<<: ',
      '!x ',
      '"',
      "'",
      '|',
      '#',
      'a',
      '1.5',
      '${',
      '}',
      '\t',
      '~',
      '? ',
      '%',
      '\u0000',
    ];
    for (let round = 0; round < 300; round += 1) {
      const text = Array.from({ length: 30 }, () => pieces[next() % pieces.length]).join('');
      const { declaration, diagnostics } = await load({ 'muster.yaml': `${HEAD}${text}` });
      expect(declaration !== undefined || diagnostics.length > 0).toBe(true);
    }
  });
});
