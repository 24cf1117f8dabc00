import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { TWO_WORKERS } from '../cli/project.ts';
import { buildCli, type RealCli } from '../process/real-cli.ts';
import { type Workspace, workspace } from './fake-github.ts';

const RECIPES = join(import.meta.dirname, '../../examples/ci');

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly uses?: string;
}

interface Job {
  readonly steps: readonly Step[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Workflow {
  readonly name: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const workflows = readdirSync(join(RECIPES, 'github-actions'));

function workflow(file: string): Workflow {
  return parse(readFileSync(join(RECIPES, 'github-actions', file), 'utf8')) as Workflow;
}

/** The script of a step, as it stands in the recipe. */
function step(file: string, job: string, name: string): string {
  const found = workflow(file).jobs[job]?.steps.find((each) => each.name === name)?.run;
  if (found === undefined) throw new Error(`${file} has no step ${name}`);
  return found;
}

describe('the workflows', () => {
  it.each(workflows)(
    '%s puts nothing that others write into a script, and says what it may do',
    (file) => {
      const { permissions, jobs, on } = workflow(file);
      expect(Object.keys(on)).not.toContain('pull_request_target');
      expect(permissions.contents).toBe('read');
      for (const { steps } of Object.values(jobs))
        for (const { run = '' } of steps) expect(run).not.toContain('${{');
    },
  );

  it('give no secret to the job that runs the code of a fork', () => {
    expect(JSON.stringify(workflow('plan.yml').jobs.fork)).not.toContain('secrets.');
  });
});

describe('the life of a pull request', () => {
  let cli: RealCli;
  let space: Workspace;
  const plan = () => {
    const planned = space.run(step('plan.yml', 'plan', 'Plan'));
    const commented = space.run(step('plan.yml', 'plan', 'Comment'));
    expect(commented).toEqual({ code: 0, output: '' });
    return planned;
  };
  const find = () => space.run(step('apply.yml', 'apply', 'Find the digest that was reviewed'));
  const apply = () => {
    space.run('rm -f muster.plan');
    expect(space.run(step('apply.yml', 'apply', 'Plan')).code).toBe(0);
    return space.run(step('apply.yml', 'apply', 'Apply'));
  };

  beforeAll(() => {
    cli = buildCli('recipes');
    space = workspace(cli.main, { 'muster.yaml': TWO_WORKERS });
  }, 120_000);
  afterAll(() => {
    space.remove();
    cli.remove();
  });

  it('when it is opened, is one comment with the plan', () => {
    expect(space.run(step('plan.yml', 'plan', 'Install')).code).toBe(0);
    expect(plan()).toEqual({ code: 0, output: '' });
    const { comments } = space.store();
    expect(comments).toHaveLength(1);
    expect(comments[0]?.body).toContain('### Muster plan `backup`: 2 configure');
  });

  it('when it is updated, is the same comment rewritten, also when the plan fails', () => {
    space.write('muster.yaml', TWO_WORKERS.replace('node: pve1', 'nod: pve1'));
    const failed = plan();
    expect(failed.code).toBe(1);
    expect(failed.output).toMatch(/^::error file=muster\.yaml,line=12/m);
    expect(space.store().comments).toHaveLength(1);
    expect(space.store().comments[0]?.body).toContain('do not apply it');
    expect(find().output).toContain(
      'Pull request 7 has no comment with a plan that could be applied',
    );
    space.write('muster.yaml', TWO_WORKERS);
    expect(plan().code).toBe(0);
    expect(space.store().comments).toHaveLength(1);
  });

  it('a comment that somebody else wrote is neither rewritten nor believed', () => {
    const { comments, issues } = space.store();
    const [own] = comments;
    const forged = (own?.body ?? '').replace(
      /review digest [0-9a-f]{16}/,
      'review digest 0000000000000000',
    );
    space.setStore({
      comments: [...comments, { id: 9, user: { type: 'User', login: 'mallory' }, body: forged }],
      issues,
    });
    expect(plan().code).toBe(0);
    expect(space.store().comments.find(({ id }) => id === 9)?.body).toBe(forged);
    expect(find().code).toBe(0);
    expect(space.run('echo "$DIGEST"').output).not.toContain('0000000000000000');
  });

  it('when something else was merged than was reviewed, is refused with both digests', () => {
    space.write(
      'muster.yaml',
      TWO_WORKERS.replace('{ node: pve1 }', '{ node: pve1, memory: 7GiB }'),
    );
    const refused = apply();
    expect(refused.code).toBe(3);
    expect(refused.output).toContain('muster.plan is not the plan that was reviewed');
    space.write('muster.yaml', TWO_WORKERS);
  });

  it('when it is merged as reviewed, is applied, and applying again does nothing', () => {
    expect(apply().code).toBe(0);
    expect(space.read('result.md')).toContain(':white_check_mark: 2 done');
    expect(plan().code).toBe(0);
    expect(space.store().comments[0]?.body).toContain('nothing to do');
    expect(find().code).toBe(0);
    expect(apply().code).toBe(0);
  });

  it('from a fork, is compared without cluster and token', () => {
    space.write(
      'base/muster.yaml',
      TWO_WORKERS.replace('{ node: pve1 }', '{ node: pve1, memory: 7GiB }'),
    );
    expect(space.run(step('plan.yml', 'fork', 'Compare the declarations'))).toEqual({
      code: 0,
      output: '',
    });
  });

  it('drift keeps one issue and closes it', () => {
    const { comments } = space.store();
    space.setStore({ comments, issues: [{ number: 1, open: true, body: '' }] });
    expect(space.run(step('drift.yml', 'drift', 'Look for drift'))).toEqual({
      code: 0,
      output: '',
    });
    expect(space.store().issues).toEqual([{ number: 1, open: false, body: '' }]);
  });

  it('the shell recipe plans and applies by the digest that it prints', () => {
    space.write('muster.yaml', TWO_WORKERS.replace('{ node: pve1 }', '{ node: pve1, slots: 2 }'));
    const script = join(RECIPES, 'shell/muster-ci.sh');
    const planned = space.run(`sh '${script}' plan`);
    expect(planned.output).toMatch(/^[0-9a-f]{16}\n$/);
    expect(space.run(`sh '${script}' apply ${planned.output.trim()}`).code).toBe(0);
    expect(space.run(`sh '${script}' apply ${planned.output.trim()}`).code).toBe(3);
  });
});
