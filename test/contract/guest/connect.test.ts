import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withGuest } from './doors.ts';
import type { GuestDoor } from './guest-world.ts';
import { realDoors, toolPath } from './real-guest.ts';
import { fieldsOf } from './transcript.ts';

const GATEWAY = { address: '192.168.2.1', answers: true };
const TOOLS = (['bash', 'curl', 'nc', 'python3'] as const).filter((tool) =>
  existsSync(toolPath(tool)),
);

async function repository(guest: GuestDoor, host: string, port: number, fingerprint = '') {
  const now = String(Math.floor(guest.now() / 1000));
  const words = ['within', '2', 'now', now, 'repository', 'r', host, String(port), fingerprint];
  const found = fieldsOf(await guest.run('checks', words));
  return found.find(([, id]) => id === 'repository:r')?.slice(2) ?? [];
}

describe.each(realDoors())('connections from $name', { timeout: 90_000 }, (door) => {
  test.each(TOOLS)('by %s alone tell an open port from a refusal', (tool) =>
    withGuest(door, { gateway: GATEWAY, tools: [tool] }, async (guest) => {
      expect((await repository(guest, '127.0.0.1', guest.openPort))[0]).toBe('pass');
      const [result, , seen] = await repository(guest, '127.0.0.1', guest.closedPort);
      expect([result, seen]).toEqual([
        'fail',
        `127.0.0.1 -> 127.0.0.1:${guest.closedPort}: refused`,
      ]);
    }),
  );

  test('without any tool are skipped, in words', () =>
    withGuest(door, { gateway: GATEWAY, tools: [] }, async (guest) => {
      const [result, , seen] = await repository(guest, '127.0.0.1', guest.openPort);
      expect(result).toBe('skip');
      expect(seen).toContain('the guest has none of bash, curl, nc, python3');
    }));
});

const withOpenssl = existsSync(toolPath('openssl')) ? realDoors() : [];

describe.each(withOpenssl)('a TLS fingerprint in $name', { timeout: 90_000 }, (door) => {
  let server: Server;
  let home = '';
  let fingerprint = '';

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'muster-tls-'));
    const [key, cert] = [join(home, 'key'), join(home, 'cert')];
    const subject = ['-subj', '/CN=pbs', '-keyout', key, '-out', cert];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], {
      stdio: 'ignore',
    });
    const printed = ['x509', '-noout', '-fingerprint', '-sha256', '-in', cert];
    fingerprint = execFileSync('openssl', printed, { encoding: 'utf8' }).trim().split('=')[1] ?? '';
    server = createServer({ key: await readFile(key), cert: await readFile(cert) });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    server.close();
    await rm(home, { recursive: true });
  });

  test('is compared by openssl', () =>
    withGuest(door, { gateway: GATEWAY, tools: ['bash', 'openssl'] }, async (guest) => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const [result, , seen] = await repository(guest, '127.0.0.1', port, fingerprint);
      expect([result, seen]).toEqual([
        'pass',
        `127.0.0.1 -> 127.0.0.1:${port}: open, certificate as declared`,
      ]);
      const other = `00${fingerprint.slice(2)}`;
      const [mismatch, , , hint] = await repository(guest, '127.0.0.1', port, other);
      expect(mismatch).toBe('fail');
      expect(hint).toContain('the certificate was renewed, or somebody else answers');
    }));
});
