import type { Network, Worker } from '../generated/declaration-document.ts';
import { canonicalCidr, canonicalIp } from '../model/ip.ts';
import { parseDuration, parseSize } from '../model/quantity.ts';
import type { FileSpec, IpSpec, NetworkSpec, WorkerFields } from '../model/worker.ts';
import { compact } from './compact.ts';
import type { FileContent } from './read-contents.ts';

const MEMORY_UNIT = 2 ** 20;
/** LVM allocates extents of 4 MiB: a size that isn't a multiple would read back as another one, for ever. */
const DISK_UNIT = 4 * 2 ** 20;
const CHECK_TIMEOUT = 30_000;

/** The content of a worker's file, by its path as written. */
export type FindContent = (from: string, index: number) => FileContent | undefined;

/** Checked fields in canonical form: bytes, milliseconds, upper-case MACs, shortened addresses. */
export function buildWorker(worker: Worker, findContent: FindContent): WorkerFields {
  const { memory, disk, networks, dns, files, patch, checks, timeouts, ...rest } = worker;
  return compact({
    ...rest,
    memory: roundedSize(memory, MEMORY_UNIT),
    disk: disk && compact({ ...disk, size: roundedSize(disk.size, DISK_UNIT) }),
    networks: networks?.map(buildNetwork),
    dns: dns && compact({ ...dns, servers: dns.servers?.map((ip) => canonicalIp(ip) ?? ip) }),
    files: files?.map((file, index) => buildFile(file, findContent(file.from, index))),
    patch: patch && compact({ ...patch, maxAge: duration(patch.maxAge) }),
    checks: checks?.map(({ timeout, ...check }) => ({
      ...check,
      timeout: duration(timeout) ?? CHECK_TIMEOUT,
    })),
    timeouts:
      timeouts &&
      compact({
        deploy: duration(timeouts.deploy),
        start: duration(timeouts.start),
        test: duration(timeouts.test),
        patch: duration(timeouts.patch),
        shutdown: duration(timeouts.shutdown),
      }),
  });
}

/** Milliseconds; undefined for what is absent or still holds a variable. */
export function duration(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}

function roundedSize(text: string | undefined, unit: number): number | undefined {
  const bytes = text === undefined ? undefined : parseSize(text);
  return bytes === undefined ? undefined : Math.ceil(bytes / unit) * unit;
}

function buildNetwork({ mac, ipv4, ipv6, ...rest }: Network): NetworkSpec {
  return compact({
    ...rest,
    mac: mac?.toUpperCase(),
    ipv4: buildIp(ipv4),
    ipv6: buildIp(ipv6),
  });
}

function buildIp(ip: Network['ipv4'] | Network['ipv6']): IpSpec | undefined {
  if (ip === undefined || typeof ip === 'object') return ip && buildAddress(ip);
  // The schema allows these words only.
  return ip as IpSpec;
}

function buildAddress({ address = '', gateway }: { address?: string; gateway?: string }): IpSpec {
  return compact({
    address: canonicalCidr(address) ?? address,
    gateway: gateway === undefined ? undefined : (canonicalIp(gateway) ?? gateway),
  });
}

function buildFile(
  { from, to, mode = '0644' }: { from: string; to: string; mode?: string },
  content: FileContent | undefined,
): FileSpec {
  return {
    from: content?.path ?? from,
    to,
    mode: mode.padStart(4, '0'),
    digest: content?.digest ?? '',
  };
}
