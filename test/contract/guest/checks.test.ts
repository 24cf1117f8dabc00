import { describe, expect, test } from 'vitest';
import { allDoors, withGuest } from './doors.ts';
import type { GuestDoor, GuestSetup } from './guest-world.ts';
import { realDoors } from './real-guest.ts';
import { fieldsOf, lines } from './transcript.ts';

const HEALTHY: GuestSetup = {
  gateway: { address: '192.168.2.1', answers: true },
  nameServers: ['192.168.2.1'],
  names: { 'pbs.example.net': '10.9.9.9' },
};

function questions(guest: GuestDoor, more: readonly string[] = []): readonly string[] {
  const now = String(Math.floor(guest.now() / 1000));
  return [
    ...['within', '1', 'cores', '6', 'memory', String(6 * 2 ** 30), 'disk', String(20 * 2 ** 30)],
    ...['now', now, 'gateway', 'required', ...more],
  ];
}

async function ask(guest: GuestDoor, more: readonly string[] = []) {
  return fieldsOf(await guest.run('checks', questions(guest, more)));
}

describe.each(allDoors)('checks in $name', { timeout: 90_000 }, (door) => {
  test('of a healthy worker all pass, one line each, and the end is marked', () =>
    withGuest(door, HEALTHY, async (guest) => {
      const pve = ['pve-api', '127.0.0.1', String(guest.openPort)];
      const pbs = ['repository', 'main', '127.0.0.1', String(guest.openPort), ''];
      const found = await ask(guest, ['name', 'pbs.example.net', ...pve, ...pbs]);
      expect(found).toEqual(
        lines(`
          check | resources | pass | MS | 6 vCPU, 5.7 GiB, 19.0 GiB on / |
          check | disk-space | pass | MS | 17.0 GiB free on / |
          check | clock | pass | MS | 0 s from the cluster |
          check | gateway | pass | MS | 192.168.2.1 answers |
          check | dns | pass | MS | pbs.example.net is 10.9.9.9 |
          check | pve-api | pass | MS | 127.0.0.1 -> 127.0.0.1:${guest.openPort}: open |
          check | repository:main | pass | MS | 127.0.0.1 -> 127.0.0.1:${guest.openPort}: open |
          check | update-source | skip | MS | patch.policy is none |
          end`).map(padded),
      );
    }));

  test('stop at the first cause, and name the hop that drops the port (W4, W5)', () =>
    withGuest(door, { ...HEALTHY, ports: { '10.9.9.9:8007': 'timeout' } }, async (guest) => {
      const found = await ask(guest, ['repository', 'main', '10.9.9.9', '8007', '']);
      expect(found.at(-2)).toEqual([
        ...['check', 'repository:main', 'fail', 'MS'],
        '192.168.2.58 -> 10.9.9.9:8007: no answer in 1 s',
        'gateway 192.168.2.1 answers; a hop after it drops port 8007',
      ]);
      expect(found.some(([, id]) => id === 'update-source')).toBe(false);
    }));

  test('tell a refusal from silence', () =>
    withGuest(door, HEALTHY, async (guest) => {
      const port = String(guest.closedPort);
      const found = await ask(guest, ['repository', 'main', '127.0.0.1', port, '']);
      expect(found.at(-2)).toEqual([
        ...['check', 'repository:main', 'fail', 'MS'],
        `127.0.0.1 -> 127.0.0.1:${port}: refused`,
        `127.0.0.1 answers; nothing listens on port ${port}, or a firewall rejects it`,
      ]);
    }));

  test('say that the gateway is silent: wrong bridge or VLAN (W4)', () =>
    withGuest(
      door,
      { ...HEALTHY, gateway: { address: '192.168.2.1', answers: false } },
      async (guest) => {
        const found = await ask(guest, ['name', 'pbs.example.net']);
        expect(found.at(-2)).toEqual([
          ...['check', 'gateway', 'fail', 'MS', '192.168.2.1 does not answer'],
          'wrong bridge or VLAN, a wrong address, or the gateway is down',
        ]);
        expect(found.some(([, id]) => id === 'dns')).toBe(false);
      },
    ));

  test('say that there is no gateway where one is expected', () =>
    withGuest(door, {}, async (guest) => {
      const found = await ask(guest);
      expect(found.at(-2)?.slice(1, 5)).toEqual(['gateway', 'fail', 'MS', 'no default route']);
    }));

  test('say which name is not found and whether its name server answers', () =>
    withGuest(door, HEALTHY, async (guest) => {
      const found = await ask(guest, ['name', 'nowhere.example.net']);
      expect(found.at(-2)).toEqual([
        ...['check', 'dns', 'fail', 'MS', 'nowhere.example.net: not found'],
        'name server 192.168.2.1 answers ping; it does not know the name, or port 53 is dropped',
      ]);
    }));

  test('only warn of a name that only warning checks need, and of one that must be there fail first', () =>
    withGuest(door, HEALTHY, async (guest) => {
      const names = ['maybe', 'api.example.net', 'name', 'pbs.example.net'];
      const dns = (found: Awaited<ReturnType<typeof ask>>) => found.find(([, id]) => id === 'dns');
      const found = await ask(guest, [...names, 'pve-api', 'api.example.net', '8006']);
      expect(dns(found)?.slice(2)).toEqual([
        ...['warn', 'MS', 'pbs.example.net is 10.9.9.9; api.example.net: not found'],
        'name server 192.168.2.1 answers ping; it does not know the name, or port 53 is dropped',
      ]);
      expect(found.find(([, id]) => id === 'pve-api')?.[2]).toBe('warn');
      expect(found.at(-1)).toEqual(['end']);
      const both = await ask(guest, [...names, 'name', 'nowhere.example.net']);
      expect(dns(both)?.[2]).toBe('fail');
      expect(both.at(-2)?.[1]).toBe('dns');
    }));

  test('see a VM that runs with less than is declared', () =>
    withGuest(door, { ...HEALTHY, cpus: 2 }, async (guest) => {
      const [first] = await ask(guest);
      expect(first?.slice(1, 5)).toEqual([
        ...['resources', 'fail', 'MS', '2 vCPU, 5.7 GiB, 19.0 GiB on /'],
      ]);
    }));

  test('warn of a root file system that did not grow, and of a nearly full one (W23)', () =>
    withGuest(door, { ...HEALTHY, diskGiB: 3, usedGiB: 2 }, async (guest) => {
      const found = await ask(guest);
      expect(found.slice(0, 2).map((line) => line.slice(1, 5))).toEqual([
        ['resources', 'warn', 'MS', '6 vCPU, 5.7 GiB, 2.8 GiB on /'],
        ['disk-space', 'warn', 'MS', '0.8 GiB free on /'],
      ]);
    }));

  test('warn of a clock that is off, and fail when it is far off', () =>
    withGuest(door, { ...HEALTHY, clockSkew: 60 }, async (guest) => {
      expect((await ask(guest))[2]?.slice(1, 3)).toEqual(['clock', 'warn']);
      const far = questions(guest).map((word, index, all) =>
        all[index - 1] === 'now' ? String(Number(word) - 4000) : word,
      );
      expect(fieldsOf(await guest.run('checks', far))[2]?.slice(1, 3)).toEqual(['clock', 'fail']);
    }));

  test('take an unreachable update source as a warning, as a failure where it is required (W12)', () =>
    withGuest(door, HEALTHY, async (guest) => {
      const proxy = `http://user:pw@127.0.0.1:${guest.closedPort}/`;
      const [optional] = (await ask(guest, ['source', 'optional', proxy])).slice(-2);
      expect(optional?.slice(1, 5)).toEqual([
        ...['update-source', 'warn', 'MS'],
        `proxy 127.0.0.1 -> 127.0.0.1:${guest.closedPort}: refused`,
      ]);
      const [required] = (await ask(guest, ['source', 'required', proxy])).slice(-2);
      expect(required?.[2]).toBe('fail');
    }));

  test('find the update source in the settings of the package manager', () =>
    withGuest(door, HEALTHY, async (guest) => {
      const url = `http://127.0.0.1:${guest.openPort}/debian`;
      await guest.writeFile(
        '/etc/apt/sources.list',
        `# deb http://old/\ndeb [a=b] ${url} x main\n`,
      );
      const [line] = (await ask(guest, ['source', 'optional', ''])).slice(-2);
      expect(line?.slice(1, 5)).toEqual([
        ...['update-source', 'pass', 'MS'],
        `127.0.0.1 -> 127.0.0.1:${guest.openPort}: open`,
      ]);
    }));

  test('find the update source behind a list of mirrors, as the cloud images of Debian name it', () =>
    withGuest(door, HEALTHY, async (guest) => {
      const list = '/etc/apt/mirrors/debian.list';
      await guest.writeFile(list, `http://127.0.0.1:${guest.openPort}/debian\n`);
      await guest.writeFile(
        '/etc/apt/sources.list.d/debian.sources',
        `Types: deb\nURIs: mirror+file://${list}\nSuites: trixie\nComponents: main\n`,
      );
      const [line] = (await ask(guest, ['source', 'optional', ''])).slice(-2);
      expect(line?.slice(1, 5)).toEqual([
        ...['update-source', 'pass', 'MS'],
        `127.0.0.1 -> 127.0.0.1:${guest.openPort}: open`,
      ]);
    }));

  test('say that a repository shows no certificate where a fingerprint is declared', () =>
    withGuest(door, HEALTHY, async (guest) => {
      const port = String(guest.openPort);
      const found = await ask(guest, ['repository', 'main', '127.0.0.1', port, 'AA:BB']);
      const line = found.find(([, id]) => id === 'repository:main');
      // Without openssl and python3 in the guest nothing can be compared, and that is said.
      expect(line?.[2]).toBe(door.simulated ? 'fail' : 'warn');
      expect(line?.[4]).toContain(
        door.simulated ? 'no TLS certificate' : 'certificate not compared',
      );
    }));

  test('refuse a question that they do not know', () =>
    withGuest(door, {}, async (guest) => {
      const answer = await guest.run('checks', ['colour', 'red']);
      expect([answer.exit, answer.stderr]).toEqual([64, 'no such keyword: colour\n']);
    }));
});

// A simulated host that answers pings drops no single port.
describe.each(realDoors())('checks in $name', { timeout: 90_000 }, (door) => {
  test('tell a firewall from a host that is off', () =>
    withGuest(
      door,
      { ...HEALTHY, answering: ['10.9.9.9'], ports: { '10.9.9.9:8007': 'timeout' } },
      async (guest) => {
        const found = await ask(guest, ['repository', 'main', '10.9.9.9', '8007', '']);
        expect(found.at(-2)?.[5]).toBe('10.9.9.9 answers ping; a firewall drops port 8007');
      },
    ));
});

/** A line that ends in an empty hint. */
function padded(line: readonly string[]): readonly string[] {
  return line[0] === 'check' && line.length === 5
    ? [...line.slice(0, 4), (line[4] ?? '').replace(/ \|$/, ''), '']
    : line;
}

describe.each(allDoors)('a declared check in $name', { timeout: 90_000 }, (door) => {
  test('gives its exit status and the last line it wrote', () =>
    withGuest(door, {}, async (guest) => {
      const argv = ['sh', '-c', 'echo first; echo second; echo "store1 is full"; exit 3'];
      expect(fieldsOf(await guest.run('check', ['5', ...argv]))).toEqual([
        ['check', '3', 'exit', 'store1 is full'],
      ]);
    }));

  test('that does not end is ended', () =>
    withGuest(door, {}, async (guest) => {
      expect(fieldsOf(await guest.run('check', ['1', 'sleep', '50']))).toEqual([
        ['check', '124', 'timeout', ''],
      ]);
    }));

  test('whose program is missing says 127', () =>
    withGuest(door, {}, async (guest) => {
      const [line] = fieldsOf(await guest.run('check', ['1', 'no-such-program']));
      expect(line?.slice(0, 3)).toEqual(['check', '127', 'exit']);
    }));
});
