import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import { PveError, type PveErrorFacts, StateLocked, TaskFailed } from '../../src/model/errors.ts';
import { diagnosticsText, diagnosticText } from '../../src/report/diagnostic-text.ts';
import { failureDiagnostic } from '../../src/report/failure-diagnostic.ts';
import { widthOf } from '../../src/report/layout.ts';

const UNKNOWN_KEY: Diagnostic = {
  severity: 'error',
  code: 'unknown-key',
  message: 'unknown key "netwroks"',
  labels: [
    {
      file: 'workers/north.yaml',
      line: 6,
      column: 5,
      endLine: 6,
      endColumn: 13,
      text: 'a worker has no such key',
      frame: [
        [5, '    node: pve1'],
        [6, '    netwroks:'],
        [7, '      - { bridge: vmbr0, vlan: 120 }'],
      ],
    },
  ],
  remedy: 'Did you mean "networks"?',
};

const SHOWN = `\
Error: unknown key "netwroks"

  workers/north.yaml:6:5
    5 |     node: pve1
    6 |     netwroks:
      |     ^^^^^^^^ a worker has no such key
    7 |       - { bridge: vmbr0, vlan: 120 }

  Did you mean "networks"?

1 error in 1 file. Nothing was changed.`;

function shown(diagnostic: Diagnostic): string {
  return diagnosticText(diagnostic).join('\n');
}

describe('diagnosticsText', () => {
  it('shows the place, what is wrong there, and how to mend it', () => {
    expect(diagnosticsText([UNKNOWN_KEY], 'Nothing was changed.').join('\n')).toBe(SHOWN.trimEnd());
  });

  it('counts errors, warnings and files', () => {
    const warning: Diagnostic = { ...UNKNOWN_KEY, severity: 'warning' };
    const lines = diagnosticsText([UNKNOWN_KEY, UNKNOWN_KEY, warning], '');
    expect(lines.at(-1)).toBe('2 errors, 1 warning in 1 file.');
  });

  it('puts the marker under the word, also behind tabs and wide characters', () => {
    const lines = shown({
      ...UNKNOWN_KEY,
      labels: [{ file: 'a', line: 1, column: 4, endLine: 1, endColumn: 5, frame: [[1, '\t備 x']] }],
    }).split('\n');
    const source = lines.find((line) => line.includes('備')) ?? '';
    const marker = lines.find((line) => line.includes('^')) ?? '';
    const before = source.slice(0, source.indexOf('x'));
    expect(marker.indexOf('^')).toBe(widthOf(before));
  });

  it('shows the part of a long line that matters, and acts on nothing in it', () => {
    const source = `${'a'.repeat(300)}BAD\u001b[2J${'b'.repeat(300)}`;
    const text = shown({
      ...UNKNOWN_KEY,
      labels: [
        { file: 'a', line: 1, column: 301, endLine: 1, endColumn: 304, frame: [[1, source]] },
      ],
    });
    expect(text).toContain('BAD\\x1b[2J');
    expect(text).not.toContain('\u001b');
    expect(text.split('\n').every((line) => widthOf(line) <= 100)).toBe(true);
  });
});

describe('failureDiagnostic', () => {
  const facts = (parts: Partial<PveErrorFacts>): PveErrorFacts => ({
    failure: 'failed',
    request: 'GET /version',
    status: 500,
    reason: '',
    endpoint: 'https://192.168.1.10:8006',
    ...parts,
  });
  const told = (error: unknown) => {
    const diagnostic = failureDiagnostic(error);
    return diagnostic === undefined ? undefined : shown(diagnostic);
  };

  it('tells how to trust a certificate, with the whole fingerprint and lines to paste', () => {
    const fingerprint = Array.from({ length: 32 }, (_, byte) =>
      byte.toString(16).padStart(2, '0').toUpperCase(),
    ).join(':');
    const text = told(
      new PveError(
        facts({
          failure: 'untrusted',
          status: 0,
          reason:
            'the certificate of https://192.168.1.10:8006 is not trusted: this machine does not know its issuer',
          certificate: { issuer: 'PVE Cluster Manager CA', fingerprint },
        }),
      ),
    );
    expect(text).toContain('the certificate of https://192.168.1.10:8006 is not trusted');
    expect(text).toContain('"PVE Cluster Manager CA": this machine does not know its issuer\n');
    expect(text).toContain(`    ${fingerprint}\n`);
    expect(text).toContain(`tls: { fingerprint: "${fingerprint}" }`);
    expect(text).toContain('pvenode cert info');
    expect(text).toContain('pve-root-ca.pem');
    expect(text).toContain('The token was not sent.');
  });

  it.each([
    ['unreachable', 0, 'connect ECONNREFUSED', /does not answer.*MUSTER_PVE_ENDPOINT/s],
    [
      'unauthenticated',
      401,
      'Authentication failed!',
      /does not accept the token.*MUSTER_PVE_TOKEN/s,
    ],
    ['unanswered', 0, 'no answer in 30 s', /may have been carried out/],
    ['node-unreachable', 595, 'No route to host', /595 No route to host.*other nodes/s],
    ['garbled', 200, 'not JSON', /proxy or a login page/],
  ] as const)('tells what to do when the cluster is %s', (failure, status, reason, expected) => {
    const request = 'POST /nodes/pve1/qemu/101/status/start';
    expect(told(new PveError(facts({ failure, status, reason, request })))).toMatch(expected);
  });

  it('does not say of a read without an answer that it may have been carried out', () => {
    const lost = { failure: 'unanswered', status: 0, reason: 'socket hang up' } as const;
    const text = told(new PveError(facts({ ...lost, request: 'GET /version' })));
    expect(text).toContain('It only reads');
    expect(text).not.toContain('carried out');
  });

  it('P41: names the privilege and the path that the token lacks', () => {
    const reason = 'Permission check failed (/vms/101, VM.Config.Disk)';
    const text = told(new PveError(facts({ failure: 'forbidden', status: 403, reason })));
    expect(text).toContain('the token lacks VM.Config.Disk on /vms/101');
    expect(text).toContain('muster doctor --print-setup');
  });

  it('shows what Proxmox said about each parameter', () => {
    const errors = { cores: 'value must have a maximum value of 128' };
    const text = told(new PveError(facts({ failure: 'refused', status: 400, errors })));
    expect(text).toContain('cores: value must have a maximum value of 128');
  });

  it('shows the last lines of a task that failed, escaped', () => {
    const upid = 'UPID:pve1:0001:02:03:qmclone:9000:muster@pve!ci:';
    const text = told(new TaskFailed(upid, 'clone failed', 'failed', ['no space\u0007 left']));
    expect(text).toContain('a Proxmox task failed: clone failed');
    expect(text).toContain('no space\\x07 left');
  });

  it('P15: names who holds the lock of the state', () => {
    const holder = 'ci@runner-3, https://ci.example.net/jobs/8812';
    expect(told(new StateLocked('muster.state.json', holder))).toContain(holder);
  });

  it('says that another process uses the simulated cluster', () => {
    const busy = Object.assign(new Error('process 12 has the simulator open'), {
      name: 'SimulatorBusy',
    });
    expect(told(busy)).toMatch(/process 12 has the simulator open.*Wait until/s);
  });

  it("says that the simulated cluster's file is damaged, and how to begin anew", () => {
    const damaged = Object.assign(new Error("the file can't be read: it has no vms"), {
      name: 'SimulatorDamaged',
    });
    expect(told(damaged)).toMatch(/it has no vms.*left as it is.*Remove it/s);
  });

  it('takes what the operating system refuses for no bug, and everything unknown for one', () => {
    const refused = Object.assign(new Error('EACCES'), {
      code: 'EACCES',
      syscall: 'open',
      path: '/x',
    });
    expect(told(refused)).toContain('open /x: permission denied');
    const odd = Object.assign(new Error('x'), { code: 'EADDRNOTAVAIL', syscall: 'listen' });
    expect(told(odd)).toContain('listen: it failed with EADDRNOTAVAIL');
    expect(told(new TypeError('undefined is not a function'))).toBeUndefined();
    expect(told('thrown text')).toBeUndefined();
  });
});
