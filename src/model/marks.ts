import { parsePropertyString } from './property-string.ts';

/**
 * How a VM says whose it is (design section 5). Strong: SMBIOS uuid and serial. Soft: the tag, and one
 * machine-readable line in the description.
 */
export const MARK_TAG = 'muster';

export interface Owner {
  readonly lineage: string;
  readonly project: string;
  readonly environment: string;
  readonly worker: string;
  /** The SMBIOS uuid that Muster drew for this VM. */
  readonly uuid: string;
}

/** The marks found on a VM; each may be missing or foreign. */
export interface Marks {
  readonly uuid?: string;
  /** Lineage from the SMBIOS serial `muster:<lineage>`. */
  readonly serialLineage?: string;
  readonly tagged: boolean;
  readonly card?: Owner;
}

const CARD_LINE = /^muster:1 (\{.*\})\s*$/m;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function serialOf(lineage: string): string {
  return `muster:${lineage}`;
}

/** PVE's `smbios1` value that carries both strong marks. The serial is base64, as PVE wants it. */
export function smbiosOf(uuid: string, lineage: string): string {
  return `uuid=${uuid},serial=${Buffer.from(serialOf(lineage)).toString('base64')},base64=1`;
}

/** The line in the description that names the owner. JSON, so that any name survives. */
export function cardLine(owner: Owner): string {
  const { lineage, uuid, project, environment, worker } = owner;
  return `muster:1 ${JSON.stringify({ lineage, uuid, project, environment, worker })}`;
}

/** Reads the marks of a VM from its raw config values. Never throws: strangers write descriptions too. */
export function readMarks(config: Readonly<Record<string, string>>): Marks {
  const smbios = parsePropertyString(config.smbios1);
  const rawSerial = smbios.get('serial') ?? '';
  const serial =
    smbios.get('base64') === '1' ? Buffer.from(rawSerial, 'base64').toString('utf8') : rawSerial;
  const uuid = smbios.get('uuid')?.toLowerCase();
  const card = readCard(config.description ?? '');
  return {
    ...(uuid === undefined ? {} : { uuid }),
    ...(serial.startsWith('muster:') ? { serialLineage: serial.slice('muster:'.length) } : {}),
    tagged: (config.tags ?? '').split(/[;, ]/).includes(MARK_TAG),
    ...(card === undefined ? {} : { card }),
  };
}

function readCard(description: string): Owner | undefined {
  const line = CARD_LINE.exec(description)?.[1];
  if (line === undefined) return undefined;
  try {
    const { lineage, project, environment, worker, uuid } = JSON.parse(line) as Record<
      string,
      unknown
    >;
    const texts = [lineage, project, environment, worker, uuid];
    if (!texts.every((text) => typeof text === 'string') || !UUID.test(String(uuid)))
      return undefined;
    return { lineage, project, environment, worker, uuid } as Owner;
  } catch {
    return undefined;
  }
}
