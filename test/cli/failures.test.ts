import { describe, expect, it } from 'vitest';
import { PveError, type PveErrorFacts } from '../../src/model/errors.ts';
import { openHouse } from '../support/house.ts';
import { TWO_WORKERS } from './project.ts';

const SECRET = '01234567-89ab-cdef-0123-456789abcdef';
const FINGERPRINT = 'A4:7D:1B:09';

/** A cluster of which every request fails in this way. */
function broken(parts: Partial<PveErrorFacts>) {
  const facts: PveErrorFacts = {
    failure: 'unreachable',
    request: 'GET /version',
    status: 0,
    reason: 'connect ECONNREFUSED',
    endpoint: 'https://pve1.example.net:8006',
    ...parts,
  };
  return openHouse({
    files: { 'muster.yaml': TWO_WORKERS.replace('simulator', 'https://pve1.example.net:8006') },
    env: { MUSTER_PVE_TOKEN: `muster@pve!ci=${SECRET}` },
    intercept: (inner) => ({ ...inner, send: () => Promise.reject(new PveError(facts)) }),
  });
}

const UNTRUSTED: Partial<PveErrorFacts> = {
  failure: 'untrusted',
  reason: 'self-signed certificate in certificate chain',
  certificate: { issuer: 'PVE Cluster Manager CA', fingerprint: FINGERPRINT },
};

describe('a cluster that gives no answer', () => {
  it('ends with 1, says what was seen and what to check, and shows no stack and no token', async () => {
    for (const command of ['plan', 'status', 'drift']) {
      const { code, stdout, stderr } = await broken({}).muster(command);
      expect(code).toBe(1);
      expect(stderr).toContain(
        'https://pve1.example.net:8006 does not answer: connect ECONNREFUSED',
      );
      expect(stderr).toContain('MUSTER_PVE_ENDPOINT');
      expect(stdout + stderr).not.toMatch(/ at .*\.ts:/);
      expect(stdout + stderr).not.toContain(SECRET);
    }
  });

  it('with an unknown certificate prints the lines to paste', async () => {
    const { code, stderr } = await broken(UNTRUSTED).muster('plan');
    expect(code).toBe(1);
    expect(stderr).toContain(`tls: { fingerprint: "${FINGERPRINT}" }`);
    expect(stderr).toContain('The token was not sent.');
  });

  it('is told by --json as a diagnostic', async () => {
    const { stdout } = await broken({}).muster('apply', '--json', '-auto-approve');
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      type: 'diagnostic',
      '@level': 'error',
      diagnostic: { code: 'unreachable' },
    });
  });
});

describe('doctor', () => {
  it.each([
    [{}, /^FAIL +endpoint /m],
    [UNTRUSTED, /^FAIL +tls /m],
    [
      { failure: 'unauthenticated', status: 401, reason: 'Authentication failed!' },
      /^FAIL +token /m,
    ],
  ] as const)('tells which gate is shut and how to open it: %j', async (parts, expected) => {
    const { code, stdout } = await broken(parts).muster('doctor');
    expect(code).toBe(1);
    expect(stdout).toMatch(expected);
    expect(stdout).toMatch(/^ok +state /m);
    expect(stdout).toMatch(/1 problem/);
    expect(stdout).not.toContain(SECRET);
  });

  it('finds a cluster that is well, and prints its checks as JSON', async () => {
    const house = openHouse({ files: { 'muster.yaml': TWO_WORKERS } });
    const { code, stdout } = await house.muster('doctor', '--json');
    expect(code).toBe(0);
    const { checks } = JSON.parse(stdout);
    expect(checks.map((line: { check: string }) => line.check)).toEqual([
      'endpoint',
      'tls',
      'token',
      'version',
      'quorum',
      'clock',
      'state',
      'privileges',
    ]);
  });

  it('W18: prints the commands for a role with no more than the declaration takes, without a cluster', async () => {
    const yaml = TWO_WORKERS.replace('  vmids:', '  pool: backup-workers\n  vmids:').replace(
      '{ name: debian-13 }',
      '9000',
    );
    const house = openHouse({
      files: {
        'muster.yaml': yaml.replace(
          'debian-13 }\nworkers',
          'debian-13, storage: local-lvm }\nworkers',
        ),
      },
      intercept: (inner) => ({ ...inner, send: () => Promise.reject(new Error('it was asked')) }),
    });
    const { code, stdout } = await house.muster('doctor', '--print-setup');
    expect(code).toBe(0);
    expect(stdout).toContain(
      'pveum acl modify /pool/backup-workers --users muster@pve --roles MusterWorker',
    );
    expect(stdout).toMatch(/^pveum role add MusterWorker --privs \S*Pool\.Allocate/m);
    expect(stdout).toContain('pveum acl modify /vms/9000 --users muster@pve --roles MusterImage');
    expect(stdout).toContain('pveum acl modify /storage/local-lvm ');
    expect(stdout).toContain('pveum acl modify /sdn/zones/localnetwork/vmbr0 ');
    expect(stdout).not.toMatch(/Sys\.Modify|Permissions\.Modify|Administrator| \/ /);
  });
});

describe('a bug', () => {
  it('says so and shows the stack', async () => {
    const house = openHouse({ files: { 'muster.yaml': TWO_WORKERS } });
    const { code, stderr } = await house.musterWith(
      {
        openPve: () => {
          throw new TypeError('undefined is not a function');
        },
      },
      'plan',
    );
    expect(code).toBe(1);
    expect(stderr).toContain('this is a bug in Muster');
    expect(stderr).toMatch(/ {2}TypeError: undefined is not a function\n {2} +at /);
  });
});
