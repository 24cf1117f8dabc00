import { describe, expect, it } from 'vitest';
import { HEAD, load, loadClean, mistakesOf } from './project-files.ts';

const worker = (name: string) => `workers: { ${name}: { node: pve1 } }\n`;

describe('included files', () => {
  it('are workers/*.yaml and sessions/*.yaml by default, and are merged by key', async () => {
    const { workers, sessions } = await loadClean({
      'muster.yaml': `${HEAD}${worker('a')}`,
      'workers/b.yaml': `muster: 1\n${worker('b')}`,
      'workers/c.yaml': '# nothing\n',
      'sessions/s.yaml': 'sessions: { s: { items: [{ name: x, run: [x] }] } }\n',
      'other/d.yaml': worker('d'),
    });
    expect(Object.keys(workers)).toEqual(['a', 'b']);
    expect(Object.keys(sessions)).toEqual(['s']);
  });

  it('may be named by globs, relative to the file that names them', async () => {
    const files = {
      'muster.yaml': `${HEAD}include: [fleet/**/*.yaml]\n`,
      'fleet/x/b.yaml': worker('b'),
      'workers/a.yaml': worker('a'),
    };
    expect(Object.keys((await loadClean(files)).workers)).toEqual(['b']);
  });

  it('that declare a key twice are an error that shows both places', async () => {
    const { diagnostics } = await load({
      'muster.yaml': HEAD,
      'workers/a.yaml': worker('a'),
      'workers/b.yaml': worker('a'),
    });
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]).toMatchObject({
      code: 'declared-twice',
      message: 'workers.a is declared twice',
      labels: [
        { file: 'workers/a.yaml', line: 1 },
        { file: 'workers/b.yaml', line: 1 },
      ],
    });
  });

  it('that declare what only one file can are an error that shows both places', async () => {
    const { diagnostics } = await load({
      'muster.yaml': HEAD,
      'workers/a.yaml': `${worker('a')}project: other\n`,
    });
    expect(diagnostics).toMatchObject([
      {
        message: 'project is declared twice',
        labels: [
          { file: 'muster.yaml', line: 2 },
          { file: 'workers/a.yaml', line: 2 },
        ],
      },
    ]);
  });

  it('never are muster.yaml itself, whatever a glob finds', async () => {
    const files = { 'muster.yaml': `${HEAD}include: ["*.yaml"]\n`, 'a.yaml': worker('a') };
    expect(Object.keys((await loadClean(files)).workers)).toEqual(['a']);
  });

  it('are five thousand at the most', async () => {
    const many = Array.from({ length: 5001 }, (_, i): [string, string] => [
      `workers/${i}.yaml`,
      '# nothing\n',
    ]);
    const { diagnostics } = await load({ 'muster.yaml': HEAD, ...Object.fromEntries(many) });
    expect(diagnostics).toMatchObject([{ code: 'too-many-files' }]);
  });

  it('must be maps', async () => {
    expect(await mistakesOf({ 'muster.yaml': HEAD, 'workers/a.yaml': '- a\n' })).toEqual([
      'wrong-type: a declaration is a map of sections',
    ]);
  });

  it('cannot be outside the project, and cannot include others', async () => {
    expect(await mistakesOf(`${HEAD}include: [../x/*.yaml]\n`)).toEqual([
      'outside-project: "../x/*.yaml" leads outside the project',
    ]);
    expect(
      await mistakesOf({ 'muster.yaml': HEAD, 'workers/a.yaml': 'include: [x.yaml]\n' }),
    ).toEqual(["misplaced-key: an included file can't include others"]);
  });

  it('that no glob finds are a warning, not an error', async () => {
    const { declaration, diagnostics } = await load(`${HEAD}include: [fleet/*.yaml]\n`);
    expect(declaration).toBeDefined();
    expect(diagnostics).toMatchObject([{ severity: 'warning', code: 'nothing-included' }]);
  });
});

describe('an environment', () => {
  const base = {
    'muster.yaml': `${HEAD}workers: { a: { node: pve1, slots: 2, tags: [x, y], cpu: { cores: 2, type: host } } }\n`,
    'environments/production.yaml':
      'workers:\n  a: { slots: 8, tags: [z], cpu: { cores: 8 } }\n  b: { node: pve2 }\n',
    'environments/test.yaml': 'workers: { a: { slots: many } }\n',
  };

  it('is laid over the declaration: maps merge, scalars and lists replace', async () => {
    const { workers, environment } = await loadClean(base, { environment: 'production' });
    expect(environment).toBe('production');
    expect(workers.a).toEqual({
      node: 'pve1',
      slots: 8,
      tags: ['z'],
      cpu: { cores: 8, type: 'host' },
    });
    expect(Object.keys(workers)).toEqual(['a', 'b']);
  });

  it('has a state file of its own', async () => {
    expect((await loadClean(base)).state).toEqual({ backend: 'local', path: 'muster.state.json' });
    expect((await loadClean(base, { environment: 'production' })).state).toEqual({
      backend: 'local',
      path: 'muster.production.state.json',
    });
  });

  it('names paths beside itself, and may choose the nodes of a set', async () => {
    const { cluster, state, workerSets } = await loadClean(
      {
        'muster.yaml': `${HEAD}workerSets: { s: { nodes: all, name: "s-\${node}" } }\n`,
        'environments/north.yaml': `cluster: { tls: { ca: ca.pem } }
state: { path: ../states/north.json }
workerSets: { s: { nodes: [pve1, pve2] } }
`,
      },
      { environment: 'north' },
    );
    expect(cluster.tls.ca).toBe('environments/ca.pem');
    expect(state).toEqual({ backend: 'local', path: 'states/north.json' });
    expect(workerSets.s?.nodes).toEqual(['pve1', 'pve2']);
  });

  it('has its state and its certificates inside the project, or at an absolute path', async () => {
    const outside = await load(
      {
        'muster.yaml': `${HEAD}state: { path: ../x.json }\n`,
        'environments/north.yaml': 'cluster: { tls: { ca: ../../ca.pem } }\n',
      },
      { environment: 'north' },
    );
    expect(outside.diagnostics).toMatchObject([
      { message: '"../../ca.pem" leads outside the project', labels: [{ line: 1, column: 23 }] },
      { message: '"../x.json" leads outside the project', labels: [{ line: 6, column: 16 }] },
    ]);
    const { state } = await loadClean(`${HEAD}state: { path: /srv/muster.json }\n`);
    expect(state).toEqual({ backend: 'local', path: '/srv/muster.json' });
  });

  it('is where its mistakes are shown', async () => {
    const { diagnostics } = await load(base, { environment: 'test' });
    expect(diagnostics).toMatchObject([
      { code: 'wrong-type', labels: [{ file: 'environments/test.yaml', line: 1, column: 24 }] },
    ]);
  });

  it.each(['prod', '../secrets', ''.padEnd(70, 'x')])(
    'that does not exist (%s) is an error with those that do',
    async (environment) => {
      const { diagnostics } = await load(base, { environment });
      expect(diagnostics).toMatchObject([
        { code: 'no-environment', detail: ['Environments here: production, test.'] },
      ]);
    },
  );
});

describe('an environment where there is none', () => {
  it('is told to be written', async () => {
    const { diagnostics } = await load(HEAD, { environment: 'production' });
    expect(diagnostics).toMatchObject([
      {
        detail: ['Environments here: none.'],
        remedy: 'Write environments/production.yaml, or leave -e out.',
      },
    ]);
  });
});

describe('files for the guest', () => {
  it('are found beside the YAML file that names them, and read once', async () => {
    const declaration = await loadClean({
      'muster.yaml': HEAD,
      'workers/a.yaml':
        'workers: { a: { node: pve1, files: [{ from: x.sh, to: /x }, { from: ../y.sh, to: /y }] } }\n',
      'workers/x.sh': 'same',
      'y.sh': 'same',
    });
    expect(declaration.workers.a?.files?.map(({ from, mode }) => `${from} ${mode}`)).toEqual([
      'workers/x.sh 0644',
      'y.sh 0644',
    ]);
    expect(Object.keys(declaration.contents)).toHaveLength(1);
  });

  it('larger than 64 MiB together are refused', async () => {
    const names = Array.from({ length: 49 }, (_, i) => `f${i}`);
    const entries = names.map((name) => `{ from: ${name}, to: /${name} }`).join(', ');
    const content = new Uint8Array(2 ** 20);
    const files = {
      'muster.yaml': `${HEAD}workers: { a: { node: pve1, files: [${entries}] } }\n`,
      ...Object.fromEntries(names.map((name) => [name, content])),
    };
    expect(await mistakesOf(files)).toEqual([
      'file-too-large: the files of all workers are larger than 67108864 bytes together',
    ]);
  });

  it('larger than 1 MiB are refused', async () => {
    const files = {
      'muster.yaml': `${HEAD}workers: { a: { node: pve1, files: [{ from: big, to: /x }] } }\n`,
      big: new Uint8Array(2 ** 20 + 1),
    };
    expect(await mistakesOf(files)).toEqual([
      'file-too-large: big has 1048577 bytes, more than 1048576',
    ]);
  });
});

describe('locate', () => {
  it('finds values where they stand, through anchors, merges and environments', async () => {
    const declaration = await loadClean(
      {
        'muster.yaml': `${HEAD}x-base: &base { slots: 2, memory: 4GiB }
workers:
  a:
    <<: *base
    node: pve1
  b: *base2
`.replace('  b: *base2\n', ''),
        'environments/p.yaml': 'workers:\n  a: { slots: 3 }\n',
      },
      { environment: 'p' },
    );
    expect(declaration.locate(['workers', 'a', 'memory'])).toMatchObject({
      file: 'muster.yaml',
      line: 6,
      column: 27,
    });
    expect(declaration.locate(['workers', 'a', 'node'])).toMatchObject({
      file: 'muster.yaml',
      line: 10,
      column: 5,
    });
    expect(declaration.locate(['workers', 'a', 'slots'])).toMatchObject({
      file: 'environments/p.yaml',
      line: 2,
      column: 8,
    });
  });

  it('finds what a list of merged maps brings where it is strongest', async () => {
    const declaration = await loadClean(`${HEAD}x-a: &a { slots: 1 }
x-b: &b { slots: 2, protect: true }
workers: { w: { <<: [*a, *b], node: pve1 } }
`);
    expect(declaration.locate(['workers', 'w', 'slots'])).toMatchObject({ line: 6 });
    expect(declaration.locate(['workers', 'w', 'protect'])).toMatchObject({ line: 7 });
  });

  it('answers with the nearest parent for what is not in the text', async () => {
    const declaration = await loadClean({
      'muster.yaml': HEAD,
      'workers/a.yaml': '# first\nworkers:\n  a: { node: pve1 }\n',
    });
    expect(declaration.locate(['workers', 'a', 'networks', 0, 'vlan'])).toMatchObject({
      file: 'workers/a.yaml',
      line: 3,
      column: 3,
    });
    expect(declaration.locate(['workers', 'zz'])).toMatchObject({
      file: 'workers/a.yaml',
      line: 2,
    });
    expect(declaration.locate([])).toMatchObject({ file: 'muster.yaml', line: 1, column: 1 });
  });
});
