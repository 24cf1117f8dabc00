import { VISIBLE_DISK } from '../../../src/simulator/guest/muster/system-checks.ts';
import type { GuestSetup } from './guest-world.ts';

/** Stand-ins for programs whose real answers depend on this machine, or would change it: name → shell text. */
export function fakeTools(setup: GuestSetup): Readonly<Record<string, string>> {
  return {
    df: df(setup),
    ip: ip(setup),
    ping: ping(setup),
    getent: getent(setup),
    // Its clock stands at the cluster time that was last asked for: how long a call took is not a skew.
    date: `read -r at <"$MUSTER_ROOT/clock"\nexec ${REAL_DATE} -d "@$((at + ${setup.clockSkew ?? 0}))" "$@"`,
    bash: bash(setup),
    poweroff: 'echo poweroff >>"$MUSTER_ROOT/powered-off"',
    ...(setup.systemd === true ? { 'systemd-run': SYSTEMD_RUN, systemctl: SYSTEMCTL } : {}),
    ...(setup.cloudInit === undefined || setup.cloudInit === 'absent'
      ? {}
      : { 'cloud-init': 'echo status: running' }),
    ...managers(setup),
  };
}

const REAL_DATE = '/bin/date';

/** Like the real one as far as it matters: the unit outlives its caller, one name is one unit. */
const SYSTEMD_RUN = `unit=
while :; do
  case $1 in
    --unit=*) unit=\${1#--unit=}; shift ;;
    --*) shift ;;
    *) break ;;
  esac
done
mkdir "$MUSTER_ROOT/units.$unit" 2>/dev/null || { echo "Unit $unit already exists" >&2; exit 1; }
shift
setsid sh "$@" </dev/null >/dev/null 2>&1 &`;

const SYSTEMCTL = `case $1 in poweroff) echo poweroff >>"$MUSTER_ROOT/powered-off" ;; esac`;

function df({ diskGiB = 20, usedGiB = 2 }: GuestSetup): string {
  const diskKiB = Math.floor(diskGiB * VISIBLE_DISK * 2 ** 20);
  const used = usedGiB * 2 ** 20;
  const freeKiB = Math.floor(diskGiB * VISIBLE_DISK * 2 ** 20 - used);
  return `echo "Filesystem 1024-blocks Used Available Capacity Mounted on"
echo "/dev/vda1 ${diskKiB} ${used} ${freeKiB} 10% /"`;
}

/** The real one, but for places whose packets are dropped. */
function bash({ ports = {} }: GuestSetup): string {
  const dropped = Object.keys(ports).join(' ');
  return `case " ${dropped} " in *" $4:$5 "*) exec sleep 100 ;; esac\nexec /usr/bin/bash "$@"`;
}

function ip({ address = '192.168.2.58', gateway }: GuestSetup): string {
  const via = gateway === undefined ? '' : `default via ${gateway.address} dev eth0`;
  const far = gateway === undefined ? '' : `via ${gateway.address} dev eth0 `;
  return `case "$*" in
  "route show default") echo "${via}" ;;
  "route get 127."*) echo "local $3 dev lo src 127.0.0.1" ;;
  "route get "*) echo "$3 ${far}src ${address} uid 0" ;;
  "neigh show "*) echo "$3 dev eth0 FAILED" ;;
esac`;
}

function ping({ gateway, answering = [] }: GuestSetup): string {
  const all = [...answering, ...(gateway?.answers === true ? [gateway.address] : [])];
  return `for last in "$@"; do :; done
case " ${all.join(' ')} " in *" $last "*) exit 0 ;; esac
exit 1`;
}

function getent({ names = {} }: GuestSetup): string {
  const lines = Object.entries(names).map(([name, to]) => `  ${name}) echo "${to} STREAM" ;;`);
  return `case $2 in\n${lines.join('\n')}\n  *) exit 2 ;;\nesac`;
}

/** Package managers that keep their database in one file of name<TAB>version lines. */
function managers(setup: GuestSetup): Readonly<Record<string, string>> {
  const { upgradable = [], source = { reachable: true } } = setup;
  const fetch = source.reachable ? ':' : UNREACHABLE;
  const install = upgradable
    .map(({ name, from, to }) => `sed -i "s/^${name}\t${from}$/${name}\t${to}/" "$db"`)
    .join('\n');
  const inst = upgradable
    .map(
      ({ name, from, to, security }) =>
        `echo "Inst ${name} [${from}] (${to} Debian${security ? '-Security' : ''}:13/stable [amd64])"`,
    )
    .join('\n');
  const head = 'db=$MUSTER_ROOT/db; echo "$0 $*" >>"$MUSTER_ROOT/calls"';
  const list = `cat "$db"`;
  return {
    'apt-get': `${head}
case "$*" in
  *" update") ${fetch} ;;
  *" -s upgrade") ${inst === '' ? ':' : inst} ;;
  *" --download-only "*) ;;
  *) ${install === '' ? ':' : install} ;;
esac`,
    dpkg: head,
    'dpkg-query': `${head}\nsed 's/^/ii \t/' "$db"`,
    dnf: `${head}
case "$*" in
  *makecache) ${fetch} ;;
  *check-update*) ${upgradable.map(({ name, to }) => `echo "${name}.x86_64  ${to}  updates"`).join('; ') || ':'} ;;
  *--downloadonly*) ;;
  *needs-restarting*) ${upgradable.some(({ needsReboot }) => needsReboot) ? 'echo "Reboot is required to fully utilize these updates."' : 'echo "No such command: needs-restarting" >&2'}; exit 1 ;;
  *) ${install === '' ? ':' : install} ;;
esac`,
    rpm: `${head}\n${list}`,
    zypper: `${head}
case "$*" in
  *refresh) ${fetch} ;;
  *--download-only) ;;
  *needs-rebooting) exit 0 ;;
  *) ${install === '' ? ':' : install} ;;
esac`,
    apk: `${head}
case "$*" in
  *update) ${fetch} ;;
  *simulate*) ${upgradable.map(({ name, from, to }) => `echo "(1/1) Upgrading ${name} (${from} -> ${to})"`).join('; ') || ':'} ;;
  "info -v") sed 's/\t/-/' "$db" ;;
  *) ${install === '' ? ':' : install} ;;
esac`,
  };
}

const UNREACHABLE =
  'echo "E: Failed to fetch http://deb.example.net/  Could not connect" ; exit 100';
