import { describe, expect, it } from 'vitest';
import { openHouse } from '../support/house.ts';
import { TWO_WORKERS } from './project.ts';

function house(env: Readonly<Record<string, string>> = {}, text = TWO_WORKERS) {
  return openHouse({ files: { 'muster.yaml': text }, env });
}

const BROKEN = TWO_WORKERS.replace('{ node: pve1 }', '{ node: pve1, netwroks: [] }');

describe('plan --format', () => {
  it('markdown names the digest with which apply --expect-digest goes on', async () => {
    const home = house();
    const { code, stdout } = await home.muster('plan', '--format', 'markdown');
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe('<!-- muster:plan project=backup environment= -->');
    const [, command = ''] = /```sh\nmuster (.*)\n```/.exec(stdout) ?? [];
    expect(command).toMatch(/^apply --expect-digest [0-9a-f]{16}$/);
    expect((await home.muster(...command.split(' '))).code).toBe(0);
    const again = await home.muster('plan', '--format=markdown');
    expect(again.stdout).toContain(':white_check_mark: nothing to do');
  });

  it('another digest is refused with 3, says both, and shows what would be done instead', async () => {
    const home = house();
    const argv = ['apply', '--expect-digest', '0123456789abcdef', '--format=markdown'];
    const told = await home.muster(...argv);
    expect(told.code).toBe(3);
    for (const text of [told.stderr, told.stdout]) {
      expect(text).toContain('expected  0123456789abcdef');
      expect(text).toMatch(/now {7}[0-9a-f]{16}/);
      expect(text).toContain('+  backup-pve1  configure  on pve1  new');
      expect(text).toContain('Nothing was changed.');
    }
    expect(told.stdout).toMatch(/^<!-- muster:apply project=backup environment= -->\n.*:x: failed/);
    expect(home.hasState()).toBe(false);
  });

  it('markdown voids the comment when the declaration is broken, and still tells the error', async () => {
    const { code, stdout, stderr } = await house({}, BROKEN).muster('plan', '--format=markdown');
    expect(code).toBe(1);
    expect(stdout.split('\n')[0]).toBe('<!-- muster:plan project=backup environment= -->');
    expect(stdout).toContain(':x: failed, 1 error');
    expect(stdout).toContain('unknown key "netwroks"');
    expect(stderr).toContain('unknown key "netwroks"');
  });

  it('markdown voids it too when the cluster is not to be reached', async () => {
    const home = house(
      { CI: 'true' },
      TWO_WORKERS.replace('simulator', 'https://pve.example.net:8006'),
    );
    const { code, stdout } = await home.muster('plan', '--format=markdown');
    expect(code).toBe(1);
    expect(stdout).toContain('is void; do not apply it');
  });

  it.each(['gitlab', 'terraform-json', 'html', 'json'])('%s is one document', async (format) => {
    const { code, stdout, stderr } = await house().muster('plan', '--format', format);
    expect([code, stderr]).toEqual([0, '']);
    if (format === 'gitlab') expect(stdout).toBe('{"create":2,"update":0,"delete":0}\n');
    else if (format === 'html') expect(stdout).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
    else expect(() => JSON.parse(stdout)).not.toThrow();
  });

  it('shows a saved plan in every format too, links to its job, and keeps below --max-bytes', async () => {
    const env = {
      GITHUB_SERVER_URL: 'https://github.example',
      GITHUB_REPOSITORY: 'o/r',
      GITHUB_RUN_ID: '42',
    };
    const home = house(env);
    await home.muster('plan', '--out', 'muster.plan');
    const { stdout } = await home.muster('show', 'muster.plan', '--format=markdown');
    expect(stdout).toContain('[run 42](https://github.example/o/r/actions/runs/42)');
    const short = await home.muster('show', 'muster.plan', '--format=markdown', '--max-bytes=1000');
    expect(Buffer.byteLength(short.stdout)).toBeLessThanOrEqual(1_000);
  });
});

describe('apply and drift --format markdown', () => {
  it('put one document on stdout and the progress on stderr', async () => {
    const home = house();
    const { code, stdout, stderr } = await home.muster(
      'apply',
      '--test',
      '--auto-approve',
      '--format=markdown',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^<!-- muster:apply project=backup environment= -->\n### Muster apply `backup`: :white_check_mark: 2 done, 0 workers left running/,
    );
    expect(stderr).toContain('backup-pve1');
    const drift = await home.muster('drift', '--format=markdown');
    expect(drift.stdout).toContain('### Muster drift `backup`: :white_check_mark: none');
  });
});

describe('the document of an apply', () => {
  const heading = (text: string) => text.split('\n')[1];

  it.each([
    ['that had nothing to do', '', 0, ':white_check_mark: nothing to do'],
    ['that a guard refused', 'guards: { forbid: [configure] }\n', 6, ':x: failed, 1 error'],
    ['of a broken declaration', 'netwroks: []\n', 1, ':x: failed, 1 error'],
  ])('%s says so, and is the only thing on stdout', async (_, more, code, verdict) => {
    const home = house();
    if (more === '') await home.muster('apply', '--auto-approve');
    home.write('muster.yaml', `${more}${TWO_WORKERS}`);
    const told = await home.muster('apply', '--auto-approve', '--format=markdown');
    expect(told.code).toBe(code);
    expect(told.stdout).toMatch(/^<!-- muster:apply project=backup environment= -->\n/);
    expect(heading(told.stdout)).toBe(`### Muster apply \`backup\`: ${verdict}`);
    if (code !== 0) expect(told.stdout).toContain('Nothing was applied.');
  });

  it('whose preflight failed names what is missing', async () => {
    const text = TWO_WORKERS.replace(
      '{ node: pve1 }',
      '{ node: pve1, networks: [{ bridge: vmbr9 }] }',
    );
    const told = await house({}, text).muster('apply', '--auto-approve', '--format=markdown');
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(/^<!-- muster:apply /);
    expect(told.stdout).toContain('vmbr9');
    expect(told.stdout).toContain('Nothing was applied.');
  });

  it('as a page shows when each step of each worker was done, and what was planned', async () => {
    const told = await house().muster('apply', '--test', '--auto-approve', '--format=html');
    expect(told.code).toBe(0);
    expect(told.stdout).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
    const [, lane = ''] = told.stdout.split('<h3>backup-pve1</h3>');
    const steps = ['cloning', 'powered on', 'agent answers', 'passed', 'powered off'];
    const places = steps.map((step) => lane.indexOf(step));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(told.stdout.match(/<tbody class="planned"/g)).toHaveLength(2);
    expect(told.stderr).toContain('backup-pve1');
  });

  it('as a page is refused nowhere that Markdown is taken', async () => {
    const home = house(
      {},
      `${TWO_WORKERS}sessions: { s: { kind: backup, items: [{ name: x, run: [/usr/local/bin/backup-vm] }] } }\n`,
    );
    for (const argv of [
      ['plan', '--with-session', 's'],
      ['apply', '--with-session', 's'],
      ['test', 'backup-pve1'],
    ]) {
      const told = await home.muster(
        ...argv,
        '--format=html',
        ...(argv[0] === 'test' ? ['--auto-approve'] : []),
      );
      expect([argv, told.stderr.includes('is not one of')]).toEqual([argv, false]);
      expect(told.stdout).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
    }
  });
});

describe('the page of a session that is planned', () => {
  it('names the review digest and the command that runs exactly that, which is taken', async () => {
    const home = house(
      {},
      `${TWO_WORKERS}sessions: { s: { items: [{ name: x, run: ["true"] }] } }\n`,
    );
    const page = (await home.muster('plan', '--with-session', 's', '--format=html')).stdout;
    expect(page).toContain('data-kind="no-VM"');
    const [, digest = ''] =
      /apply --with-session s --expect-digest ([0-9a-f]{16})/.exec(page) ?? [];
    expect(page).toContain(`<footer class="dim">review digest ${digest} | planned 20`);
    const run = await home.muster('apply', '--with-session', 's', '--expect-digest', digest);
    expect([run.code, run.stderr]).toEqual([0, '']);
  });

  it('of one that is refused names none: there is nothing to agree to', async () => {
    const spec = '{ guards: { minItems: 2 }, items: [{ name: x, run: ["true"] }] }';
    const home = house({}, `${TWO_WORKERS}sessions: { s: ${spec} }\n`);
    const page = (await home.muster('plan', '--with-session', 's', '--format=html')).stdout;
    expect(page).toContain('refused');
    expect(page).not.toContain('--expect-digest');
  });
});

describe('the comment of a session that cannot be planned', () => {
  it('takes the place of the one before', async () => {
    const told = await house().muster('plan', '--with-session', 'nope', '--format=markdown');
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(/^<!-- muster:session project=backup environment= -->\n/);
    expect(told.stdout).toContain('The session was not run. The errors:');
  });
});

describe('under GitHub Actions', () => {
  const env = { GITHUB_ACTIONS: 'true', CI: 'true' };

  it('a mistake is an annotation on its line, beside the text', async () => {
    const { code, stderr } = await house(env, BROKEN).muster('validate');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^::error file=muster\.yaml,line=12,col=\d+,.*title=unknown-key::unknown key "netwroks"/m,
    );
    expect(stderr).toContain('Error: unknown key "netwroks"');
  });

  it('is one on the line in the repository, where the project is a folder of it', async () => {
    const home = openHouse({ files: { 'infra/muster.yaml': BROKEN }, env });
    const { stderr } = await home.muster('-C', 'infra', 'validate');
    expect(stderr).toMatch(/^::error file=infra\/muster\.yaml,line=12/m);
  });

  it('no text of the declaration becomes a command to the runner', async () => {
    const text = TWO_WORKERS.replace(
      '{ node: pve1 }',
      '{ node: pve1, description: "##[add-mask]x" }',
    );
    const home = house(env, text);
    await home.muster('apply', '--auto-approve');
    home.write('muster.yaml', text.replace('##[add-mask]x', '::add-path::y ##[add-path]z'));
    for (const format of ['text', 'markdown', 'json', 'html']) {
      const { stdout, stderr } = await home.muster('plan', '--verbose', '--format', format);
      expect(stdout).toContain('add-path');
      expect(`${stdout}${stderr}`).not.toMatch(/##\[|^\s*::/m);
    }
  });

  it('elsewhere there are no annotations', async () => {
    expect((await house({}, BROKEN).muster('validate')).stderr).not.toContain('::error');
  });
});

describe('validate --format sarif', () => {
  it('is a document with the mistakes and exit 1, and one without results when there are none', async () => {
    const { code, stdout } = await house({}, BROKEN).muster('validate', '--format', 'sarif');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ runs: [{ results: [{ ruleId: 'unknown-key' }] }] });
    const fine = await house().muster('validate', '--format', 'sarif');
    expect(fine.code).toBe(0);
    expect(JSON.parse(fine.stdout)).toMatchObject({ runs: [{ results: [] }] });
  });
});
