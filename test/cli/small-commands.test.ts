import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { editConfig } from '../../src/simulator/by-hand.ts';
import { openHouse } from '../support/house.ts';
import { TWO_WORKERS } from './project.ts';

function house(files: Readonly<Record<string, string>> = { 'muster.yaml': TWO_WORKERS }) {
  return openHouse({ files });
}

const UNTIDY = `muster: 1
project:   backup   # who
workers:
    backup-pve1:   {node: pve1,   memory: 6GiB}
`;

const TIDY = `muster: 1
project: backup # who
workers:
  backup-pve1: { node: pve1, memory: 6GiB }
`;

describe('fmt', () => {
  it('--check writes nothing, names the files and ends with 3', async () => {
    const home = house({ 'muster.yaml': TWO_WORKERS, 'workers/a.yaml': UNTIDY });
    const { code, stdout } = await home.muster('fmt', '--check', '--diff');
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /^workers\/a\.yaml\n--- a\/workers\/a\.yaml\n\+\+\+ b\/workers\/a\.yaml\n@@/,
    );
    expect(stdout).toContain('-project:   backup   # who\n');
    expect(readFileSync(join(home.root, 'workers/a.yaml'), 'utf8')).toBe(UNTIDY);
  });

  it('lays out muster.yaml, what it includes and the environments, and keeps comments', async () => {
    const home = house({ 'muster.yaml': UNTIDY, 'environments/test.yaml': UNTIDY });
    const { code, stdout } = await home.muster('fmt');
    expect([code, stdout]).toEqual([0, 'environments/test.yaml\nmuster.yaml\n']);
    expect(readFileSync(join(home.root, 'muster.yaml'), 'utf8')).toBe(TIDY);
    expect(statSync(join(home.root, 'muster.yaml')).mode & 0o777).toBe(0o644);
    expect((await home.muster('fmt', '--check')).code).toBe(0);
  });

  it('touches nothing when a file is broken', async () => {
    const home = house({ 'muster.yaml': UNTIDY, 'workers/a.yaml': 'workers: { a: [ }\n' });
    const { code, stderr } = await home.muster('fmt');
    expect(code).toBe(1);
    expect(stderr).toContain('workers/a.yaml:1');
    expect(readFileSync(join(home.root, 'muster.yaml'), 'utf8')).toBe(UNTIDY);
  });
});

describe('graph', () => {
  it('has one box per node with its workers, in Mermaid and DOT', async () => {
    const home = house();
    await home.muster('apply', '--auto-approve');
    const { code, stdout } = await home.muster('graph');
    expect(code).toBe(0);
    expect(stdout).toBe(
      'flowchart LR\n  subgraph n0["pve1"]\n    n0w0["backup-pve1: unchanged"]\n  end\n' +
        '  subgraph n1["pve2"]\n    n1w0["backup-pve2: unchanged"]\n  end\n',
    );
    const dot = await home.muster('graph', '--format=dot');
    expect(dot.stdout).toContain('"backup-pve1" [label="backup-pve1: unchanged"];');
  });
});

describe('explain', () => {
  it('W3: tells why a worker is changed, where that is declared, and what would change it', async () => {
    const home = house();
    await home.muster('apply', '--test', '--auto-approve');
    const { vm } = home.state().workers['backup-pve1'] ?? {};
    editConfig(home.cluster.world, vm?.vmid ?? 0, { cores: '3' });
    const { code, stdout } = await home.muster('explain', 'backup-pve1');
    expect(code).toBe(0);
    expect(stdout).toContain('Worker     backup-pve1, declared in muster.yaml:12');
    expect(stdout).toContain('Why        drift: its VM was changed outside Muster');
    expect(stdout).toMatch(/cpu\.cores: 3 -> 6 +drift/);
    expect(stdout).toContain('Instead    declare what was changed by hand to keep it');
    const other = await home.muster('explain', 'backup-pve2');
    expect(other.stdout).toContain('Action     nothing');
  });

  it('of one that is held says until when and how to end that; of one that moves or is made anew, what keeps it', async () => {
    const home = house();
    await home.muster('apply', '--test', '--auto-approve');
    const told = async (...argv: string[]) =>
      (await home.muster('explain', 'backup-pve1', ...argv)).stdout.replace(/\s+/g, ' ');
    expect(await told('--replace', 'backup-pve1')).toContain(
      'Instead leave the flag out that asks for it',
    );
    home.write('muster.yaml', TWO_WORKERS.replace('{ node: pve1 }', '{ node: pve2 }'));
    expect(await told()).toContain('Node pve1 now; pve2 is declared');
    await home.muster('quarantine', 'backup-pve1', '--note', 'disk errors', '--until', '2d');
    expect(await told()).toMatch(
      /Held quarantined \(ci@runner: disk errors\), until 2026-\S+ \S+ UTC\. To end that: muster release backup-pve1/,
    );
  });

  it('of a worker that nobody knows ends with 1 and says which was meant', async () => {
    const { code, stderr } = await house().muster('explain', 'backup-pve3');
    expect(code).toBe(1);
    expect(stderr).toMatch(/there is no worker "backup-pve3"[\s\S]*Did you mean "backup-pve[12]"/);
  });
});

describe('plan --against', () => {
  const BASE = TWO_WORKERS.replace(
    'backup-pve1: { node: pve1 }',
    'backup-pve1: { node: pve1, memory: 6GiB }\n  backup-old: { node: pve3 }',
  );
  const CHANGED = TWO_WORKERS.replace(
    'backup-pve1: { node: pve1 }',
    'backup-pve1: { node: pve1, memory: 8GiB }\n  backup-new: { node: pve3 }',
  ).replace('to: 9199', 'to: 9299');

  it('compares two declarations, what is removed first, and opens neither cluster nor state', async () => {
    const home = house({ 'muster.yaml': CHANGED, 'base/muster.yaml': BASE });
    const never = () => {
      throw new Error('must not be opened');
    };
    const { code, stdout } = await home.musterWith(
      { openPve: never, openStore: never },
      'plan',
      '--against',
      'base',
      '-detailed-exitcode',
    );
    expect(code).toBe(2);
    expect(stdout).toMatch(/^Declaration only: /);
    expect(stdout).toContain(
      'Compared: 1 worker removed, 1 worker changed, 1 worker added, 1 other change.',
    );
    expect(stdout).toMatch(
      /- backup-old .*would be destroyed[\s\S]*~ backup-pve1[\s\S]*memory: 6 GiB -> 8 GiB[\s\S]*\+ backup-new/,
    );
    expect(stdout).toContain('cluster.vmids.to: 9199 -> 9299');
  });

  it('needs no secret and no token, and takes the place of the comment', async () => {
    const home = house({ 'muster.yaml': CHANGED, 'base/muster.yaml': BASE });
    const { stdout } = await home.muster('plan', '--against=base', '--format=markdown');
    expect(stdout).toMatch(
      /^<!-- muster:plan project=backup environment= -->\n### Muster plan `backup`: declaration only: /,
    );
  });

  it('knows a rename, and a worker that is listed under removed', async () => {
    const renamed = BASE.replace('backup-old:', 'backup-kept:').replace(
      'workers:',
      'renamed: { backup-old: backup-kept }\nworkers:',
    );
    const home = house({ 'muster.yaml': renamed, 'base/muster.yaml': BASE });
    expect((await home.muster('plan', '--against=base')).stdout).toMatch(
      /~ backup-kept .*renamed, was backup-old/,
    );
    home.write(
      'muster.yaml',
      BASE.replace('  backup-old: { node: pve3 }\n', '').replace(
        'workers:',
        'removed: [backup-old]\nworkers:',
      ),
    );
    expect((await home.muster('plan', '--against=base')).stdout).toMatch(
      /\. backup-old .*its VM stays/,
    );
  });

  it('compares sets for every node without knowing the nodes', async () => {
    const set = (memory: string) =>
      TWO_WORKERS.replace(
        /workers:\n[\s\S]*/,
        `workerSets:\n  everywhere:\n    nodes: all\n    name: "b-\${node}"\n    worker: { memory: ${memory} }\n`,
      );
    const home = house({ 'muster.yaml': set('8GiB'), 'base/muster.yaml': set('6GiB') });
    expect((await home.muster('plan', '--against=base')).stdout).toMatch(
      /~ b-each-node .*\n.*memory: 6 GiB -> 8 GiB/,
    );
  });
});

describe('completion', () => {
  const complete = async (...words: string[]) => {
    const script = (await house().muster('completion', 'bash')).stdout;
    const line = `${script}
COMP_WORDS=(muster ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
_muster; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', line], { encoding: 'utf8' }).trim().split('\n');
  };

  it('in bash knows commands, their flags, and what stands before them', async () => {
    expect(await complete('pl')).toEqual(['plan']);
    expect(await complete('plan', '--det')).toEqual(['--detailed-exitcode']);
    expect(await complete('-e', 'production', 'app')).toEqual(['apply']);
    expect(await complete('--var', 'plan=x', 'dr')).toEqual(['drift']);
  });

  it('has all commands in every shell, and none for a shell that nobody uses', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { stdout } = await house().muster('completion', shell);
      for (const name of ['plan', 'apply', 'drift', 'explain']) expect(stdout).toContain(name);
    }
    const { code, stderr } = await house().muster('completion', 'tcsh');
    expect([code, stderr.includes('bash, zsh, fish')]).toEqual([1, true]);
  });
});
