import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CliContext } from '../../src/cli/context.ts';
import type { Json } from '../../src/model/json.ts';
import { editConfig } from '../../src/simulator/by-hand.ts';
import { openHouse } from '../support/house.ts';
import { TWO_WORKERS } from './project.ts';

function house() {
  return openHouse({ files: { 'muster.yaml': TWO_WORKERS } });
}

/** A terminal on which somebody answers. */
function terminal(answer: string | undefined): {
  readonly change: Partial<CliContext>;
  readonly asked: string[];
  readonly shown: () => string;
} {
  const asked: string[] = [];
  let text = '';
  return {
    asked,
    shown: () => text,
    change: {
      prompt: async (question) => {
        asked.push(question);
        return answer;
      },
      stdout: {
        write: (part) => {
          text += part;
        },
        isTTY: true,
        columns: 100,
      },
    },
  };
}

it('W6: a script makes workers, runs a backup in them, reads what became of it and takes them away, without a terminal', async () => {
  const home = house();
  const told = async (...argv: string[]) => {
    const { code, stdout, stderr } = await home.muster(...argv, '--json');
    expect([code, stderr], stdout).toEqual([0, '']);
    return stdout;
  };
  const stream = async (...argv: string[]) =>
    (await told(...argv))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly type: string });
  const made = await stream('test', '--auto-approve');
  expect(made.map(({ type }) => type)).toContain('apply_complete');
  const { workers } = home.state();
  expect(Object.values(workers).map(({ last }) => last.test?.result)).toEqual(['passed', 'passed']);
  const backup = [
    'apply',
    '--run',
    'backup',
    '--workers',
    'backup-pve1',
    '--json',
    '--',
    'echo',
    'ok',
  ];
  expect((await home.muster(...backup)).code).toBe(0);
  const listed: Json = JSON.parse(await told('sessions', 'list'));
  expect(listed).toEqual([
    expect.objectContaining({ work: 'backup', status: 'ok', ok: 1, failed: 0 }),
  ]);
  const status: Json = JSON.parse(await told('status'));
  expect(JSON.stringify(status)).toContain('Shut Down');
  await stream('destroy', 'backup-pve1', 'backup-pve2', '--auto-approve');
  expect(Object.values(home.state().workers).map(({ vm }) => vm)).toEqual([undefined, undefined]);
});

describe('a VM that is made anew', () => {
  it('is patched, however lately the one before it was', async () => {
    const home = house();
    const test = ['test', 'backup-pve1', '--auto-approve'];
    expect((await home.muster(...test)).stdout).toContain('14 packages');
    expect((await home.muster(...test)).stdout).toContain('skipped: patched');
    await home.muster('destroy', 'backup-pve1', '--auto-approve');
    expect(home.state().workers['backup-pve1']?.last.patch).toBeUndefined();
    const again = await home.muster(...test);
    expect(again.stdout).toContain('14 packages');
    expect(again.stdout).not.toContain('skipped: patched');
  });
});

describe('a mistake that only the cluster shows', () => {
  it('does not claim that the cluster was not contacted', async () => {
    const { code, stdout, stderr } = await house().muster(
      ...['apply', '--run', 'backup', '--workers', 'nope', '--', 'ls'],
    );
    expect(code).toBe(1);
    expect(stderr).toContain('names the worker "nope", which is not declared');
    expect(stdout + stderr).not.toContain('not contacted');
  });
});

describe('files that a command line names', () => {
  it('may lie in folders that are not there yet', async () => {
    const home = house();
    const told = await home.muster('apply', '-auto-approve', '-junit=reports/a/j.xml');
    expect(told.code).toBe(0);
    const junit = readFileSync(join(home.root, 'reports/a/j.xml'), 'utf8');
    expect(junit).toContain('<testsuite name="backup-pve1"');
  });

  it('are written anew when there was nothing to do: results of an earlier run must not stay', async () => {
    const home = house();
    await home.muster('apply', '-auto-approve', '-junit=j.xml');
    expect((await home.muster('apply', '-junit=j.xml')).code).toBe(0);
    expect(readFileSync(join(home.root, 'j.xml'), 'utf8')).not.toContain('<testsuite ');
  });

  it('that cannot be written do not hide what was done: it is told, and the run is incomplete', async () => {
    const home = house();
    const { code, stdout, stderr } = await home.muster('apply', '-auto-approve', '-junit=.');
    expect(stdout).toContain('Applied: 0 destroyed, 0 replaced, 2 configured.');
    expect(stderr).toContain(`Error: can't write ${home.root}: there is a folder with that name`);
    expect(code).toBe(5);
    expect(Object.keys(home.state().workers)).toEqual(['backup-pve1', 'backup-pve2']);
  });

  it('are told with their whole path when they cannot be read', async () => {
    const home = house();
    const { code, stderr } = await home.muster('apply', '.');
    expect(stderr).toContain(`can't read ${home.root}: there is a folder`);
    expect(code).toBe(1);
  });
});

describe('init, plan, apply', () => {
  it('P37: lead from an empty folder to an empty plan', async () => {
    const home = openHouse();
    expect((await home.muster('init')).code).toBe(0);
    const plan = await home.muster('plan');
    expect(plan.stderr).toBe('');
    expect(plan.stdout).toContain('to configure.  No VM is made, changed or powered.');
    expect((await home.muster('apply', '-auto-approve')).code).toBe(0);
    const again = await home.muster('plan', '--detailed-exitcode');
    expect(again.stdout).toContain('Plan: nothing to do.');
    expect(again.code).toBe(0);
  });

  it('init tells a program what it wrote', async () => {
    const home = openHouse();
    const told = async () => JSON.parse((await home.muster('init', '--json')).stdout);
    expect(await told()).toEqual({ type: 'init', written: ['muster.yaml', '.gitignore'] });
    expect(await told()).toEqual({ type: 'init', written: [] });
  });

  it('init leaves a declaration that exists as it is', async () => {
    const home = house();
    const { code, stdout } = await home.muster('init');
    expect(code).toBe(0);
    expect(stdout).toContain('exists already');
    expect(readFileSync(join(home.root, 'muster.yaml'), 'utf8')).toBe(TWO_WORKERS);
  });

  it('init --endpoint proposes one worker for each node of the cluster', async () => {
    const home = openHouse({
      env: { MUSTER_PVE_TOKEN: 'muster@pve!ci=01234567-89ab-cdef-0123-456789abcdef' },
    });
    expect((await home.muster('init', '--endpoint', 'https://pve1.example.net:8006')).code).toBe(0);
    const text = readFileSync(join(home.root, 'muster.yaml'), 'utf8');
    for (const node of ['pve1', 'pve2', 'pve3']) expect(text).toContain(`backup-${node}`);
    expect((await home.muster('validate')).code).toBe(0);
    // pve3 does not have the storage that the others have.
    const doctor = await home.muster('doctor');
    expect(doctor.stdout).toContain('3 workers can be deployed and tested');
    expect(doctor.code).toBe(0);
  });
});

describe('plan', () => {
  it('P6: writes nothing, and says with --detailed-exitcode that there is something to do', async () => {
    const home = house();
    expect((await home.muster('plan', '-detailed-exitcode')).code).toBe(2);
    expect(existsSync(join(home.root, 'muster.state.json'))).toBe(false);
  });

  it('--format json is one document, which is what --out saves', async () => {
    const home = house();
    const { stdout } = await home.muster('plan', '--format=json', '-out=a.plan');
    const saved = JSON.parse(readFileSync(join(home.root, 'a.plan'), 'utf8'));
    expect(JSON.parse(stdout)).toEqual(saved);
    const shown = await home.muster('show', 'a.plan', '--json');
    expect(JSON.parse(shown.stdout)).toEqual(saved);
  });

  it('of a declaration with mistakes shows them with their places and asks no cluster', async () => {
    const home = openHouse({
      files: { 'muster.yaml': TWO_WORKERS.replace('node: pve2', 'nodee: pve2') },
    });
    const { code, stdout, stderr } = await home.muster('plan');
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('muster.yaml:13:');
    expect(stderr).toMatch(/\^{5}/);
    expect(stderr).toContain('Did you mean "node"?');
    expect(stderr).toContain('The cluster was not contacted, nothing was changed.');
    const json = await home.muster('plan', '--json');
    const lines = json.stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).type)).toContain('diagnostic');
  });
});

describe('apply', () => {
  it('asks, and takes only "yes"', async () => {
    const home = house();
    const no = terminal('y');
    expect((await home.musterWith(no.change, 'apply')).code).toBe(1);
    expect(no.asked.join()).toContain('Apply this to cluster homelab? Only "yes" is accepted: ');
    expect(no.shown()).toContain('Nothing was changed.');
    expect(existsSync(join(home.root, 'muster.state.json'))).toBe(false);
    expect((await home.musterWith(terminal('yes').change, 'apply')).code).toBe(0);
    expect(Object.keys(home.state().workers)).toEqual(['backup-pve1', 'backup-pve2']);
  });

  it.each([
    [['apply']],
    [['apply', '-input=false']],
    [['test']],
    [['destroy', '-auto-approve=false']],
  ])('%j changes nothing where nobody can be asked', async (argv) => {
    const home = house();
    await home.muster('apply', '--auto-approve', '--target', 'backup-pve1', '--test');
    const before = home.state();
    const { code, stderr } = await home.muster(...argv);
    expect(code).toBe(1);
    expect(stderr).toContain('--auto-approve');
    expect(home.state()).toEqual(before);
  });

  it('with --json tells one object per line, with the types that Terraform uses', async () => {
    const { code, stdout } = await house().muster('apply', '--json', '-auto-approve', '-test');
    expect(code).toBe(0);
    const types = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type);
    expect(types[0]).toBe('version');
    expect(new Set(types)).toEqual(
      new Set([
        'version',
        'planned_change',
        'change_summary',
        'apply_start',
        'apply_progress',
        'apply_complete',
        'outputs',
        'apply_result',
      ]),
    );
  });

  it("has in each line of --json the fields that readers of Terraform's stream need", async () => {
    const told = await house().muster('apply', '--json', '-auto-approve', '-test');
    const lines = told.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, Json>>);
    for (const line of lines) {
      const head = ['@level', '@message', '@module', '@timestamp', 'type'];
      expect(Object.keys(line).slice(0, 5)).toEqual(head);
      expect(new Date(String(line['@timestamp'])).toISOString()).toBe(line['@timestamp']);
      if (line.hook === undefined) continue;
      expect(line.hook).toMatchObject({
        resource: { resource_type: 'muster_worker' },
        action: expect.stringMatching(/^(create|update|replace|delete|remove)$/),
      });
      if (line.type !== 'apply_start')
        expect(line.hook).toMatchObject({ elapsed_seconds: expect.any(Number) });
    }
    const summaries = lines.filter(({ type }) => type === 'change_summary');
    expect(summaries.map(({ changes }) => changes)).toMatchObject([
      { add: 2, change: 0, import: 0, remove: 0, operation: 'plan' },
      { add: 2, change: 0, import: 0, remove: 0, operation: 'apply' },
    ]);
  });

  it('P46: of a plan file that is missing or empty is an error, of one without actions is not', async () => {
    const home = house();
    expect((await home.muster('apply', 'none.plan')).code).toBe(1);
    writeFileSync(join(home.root, 'empty.plan'), '');
    const empty = await home.muster('apply', 'empty.plan');
    expect(empty.code).toBe(1);
    expect(empty.stderr).toContain('it is empty');
    await home.muster('apply', '-auto-approve');
    await home.muster('plan', '-out=nothing.plan');
    expect((await home.muster('apply', 'nothing.plan')).code).toBe(0);
  });

  it('of a plan file that was changed by hand is refused with 3', async () => {
    const home = house();
    await home.muster('plan', '-out=a.plan');
    const path = join(home.root, 'a.plan');
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('pve2', 'pve3'));
    const { code, stderr } = await home.muster('apply', 'a.plan');
    expect(code).toBe(3);
    expect(stderr).toContain('Nothing was changed.');
  });

  it('goes on without asking only when the digest is the expected one', async () => {
    const home = house();
    const plan = await home.muster('plan', '-out=a.plan');
    const digest = /review digest ([0-9a-f]{16})/.exec(plan.stdout)?.[1] ?? '';
    const other = await home.muster('apply', '--expect-digest', '0123456789abcdef');
    expect(other.code).toBe(3);
    expect(other.stderr).toContain(digest);
    expect((await home.muster('apply', 'a.plan', '--expect-digest', '0123456789abcdef')).code).toBe(
      3,
    );
    expect(existsSync(join(home.root, 'muster.state.json'))).toBe(false);
    expect((await home.muster('apply', `--expect-digest=${digest}`)).code).toBe(0);
  });
});

describe('a saved plan', () => {
  it('P18: is stale only for the worker that was changed meanwhile; the others can be applied', async () => {
    const home = house();
    await home.muster('apply', '-auto-approve', '-test');
    home.write(
      'muster.yaml',
      `${TWO_WORKERS.replace('{ image: debian-13 }', '{ image: debian-13, memory: 8GiB }')}`,
    );
    expect((await home.muster('plan', '-out=a.plan')).code).toBe(0);
    const vmid = home.state().workers['backup-pve1']?.vm?.vmid ?? 0;
    editConfig(home.cluster.world, vmid, { memory: '2048' });
    const stale = await home.muster('apply', 'a.plan');
    expect(stale.code).toBe(3);
    expect(stale.stderr).toContain(
      'the plan is stale for 1 of 2 workers; the other 1 can be applied',
    );
    expect(stale.stderr).toMatch(
      /backup-pve1: memory was .* when this was planned and is 2 GiB now/,
    );
    expect(stale.stderr).toContain('muster apply a.plan --exclude backup-pve1');
    const rest = await home.muster('apply', 'a.plan', '--exclude', 'backup-pve1');
    expect(rest.code).toBe(0);
    expect(rest.stdout).toContain('1 changed');
  });
});

describe('drift', () => {
  it('P8: exits 0 without and 2 with drift, shows was and is, and writes nothing', async () => {
    const home = house();
    await home.muster('apply', '-auto-approve', '-test');
    expect((await home.muster('drift')).code).toBe(0);
    const vmid = home.state().workers['backup-pve1']?.vm?.vmid ?? 0;
    editConfig(home.cluster.world, vmid, { memory: '2048' });
    home.cluster.journal();
    const before = home.state();
    const { code, stdout } = await home.muster('drift');
    expect(code).toBe(2);
    expect(stdout).toContain('memory: 2 GiB -> 6 GiB');
    expect(stdout).toContain('was 6 GiB when last applied');
    expect(home.state()).toEqual(before);
    expect(home.cluster.journal()).toEqual([]);
  });
});

describe('test', () => {
  it('W4: exits 7 when a check fails, names the hop, writes JUnit, and powers everything off', async () => {
    const home = house();
    const [pbs] = home.cluster.world.network.hosts;
    if (pbs !== undefined) pbs.up = false;
    const { code, stdout } = await home.muster(
      'test',
      'backup-pve1',
      '-auto-approve',
      '-junit=j.xml',
    );
    expect(stdout).toMatch(/^backup-pve1 {2}Shut Down .* FAILED .* repository:pbs-main$/m);
    expect(stdout).toContain('Tests: 0 passed, 1 FAILED. 0 workers left running.');
    expect(stdout).toContain('muster test backup-pve1');
    expect(code).toBe(7);
    const junit = readFileSync(join(home.root, 'j.xml'), 'utf8');
    expect(junit).toMatch(/name="repository:pbs-main".*<failure/);
    const status = await home.muster('status');
    expect(status.stdout).toMatch(/backup-pve1 .*FAILED repository:pbs-main/);
    expect(status.stdout).toContain('2 workers, 0 running.');
  });
});

describe('destroy', () => {
  it("without names wants the cluster's name, and leaves the workers configured", async () => {
    const home = house();
    await home.muster('apply', '-auto-approve', '-test', '--target', 'backup-pve1');
    const yes = terminal('yes');
    expect((await home.musterWith(yes.change, 'destroy')).code).toBe(1);
    expect(yes.asked.join()).toContain('(homelab)');
    const { code } = await home.musterWith(terminal('homelab').change, 'destroy');
    expect(code).toBe(0);
    expect(home.state().workers['backup-pve1']?.vm).toBeUndefined();
    expect(home.state().workers['backup-pve1']).toBeDefined();
  });
});

describe('Ctrl-C', () => {
  it('ends with 130, and leaves nothing running and no lease', async () => {
    const home = house();
    const first = new AbortController();
    let text = '';
    const stdout = {
      write: (part: string) => {
        text += part;
        if (text.includes('cloning template')) first.abort();
      },
      isTTY: false,
      columns: undefined,
    };
    const interrupts = { first: first.signal, second: new AbortController().signal };
    const change = { stdout, interrupts };
    const { code } = await home.musterWith(change, 'test', 'backup-pve1', '-auto-approve');
    expect(code).toBe(130);
    expect(text).toContain('Interrupted:');
    const state = home.state();
    expect(state.runs).toEqual({});
    expect(Object.values(state.workers).map(({ lease }) => lease)).toEqual([undefined]);
  });
});
