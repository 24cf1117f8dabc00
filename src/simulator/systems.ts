import type { GuestOs } from './guest/program.ts';

/** The four systems that simulated guests can run. */
export function osOf(name: 'debian' | 'fedora' | 'opensuse' | 'alpine'): GuestOs {
  switch (name) {
    case 'debian':
      return {
        id: 'debian',
        versionId: '13',
        prettyName: 'Debian GNU/Linux 13 (trixie)',
        packageManager: 'apt',
        init: 'systemd',
        kernel: '6.12.107+deb13-cloud-amd64',
      };
    case 'fedora':
      return {
        id: 'fedora',
        versionId: '44',
        prettyName: 'Fedora Linux 44 (Cloud Edition)',
        packageManager: 'dnf',
        init: 'systemd',
        kernel: '6.17.4-300.fc44.x86_64',
      };
    case 'opensuse':
      return {
        id: 'opensuse-leap',
        versionId: '16.0',
        prettyName: 'openSUSE Leap 16.0',
        packageManager: 'zypper',
        init: 'systemd',
        kernel: '6.12.0-160000.5-default',
      };
    case 'alpine':
      return {
        id: 'alpine',
        versionId: '3.22.1',
        prettyName: 'Alpine Linux v3.22',
        packageManager: 'apk',
        init: 'openrc',
        kernel: '6.12.45-0-virt',
      };
  }
}

/** Files that a fresh system of this kind has. */
export function systemFiles(os: GuestOs): Record<string, string> {
  return {
    '/etc/os-release': [
      `PRETTY_NAME="${os.prettyName}"`,
      `ID=${os.id}`,
      `VERSION_ID="${os.versionId}"`,
      '',
    ].join('\n'),
    '/etc/hostname': 'localhost\n',
  };
}
