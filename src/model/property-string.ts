/**
 * PVE's property strings: `virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=120`. The first part may lack a key
 * (`local-lvm:vm-101-disk-0,size=20G`); it is kept under the empty key. Order is kept. A key that is not set
 * reads as one without members.
 */
export type PropertyString = ReadonlyMap<string, string>;

export function parsePropertyString(text: string | undefined): PropertyString {
  const parts = (text ?? '').split(',').filter((part) => part !== '');
  return new Map(
    parts.map((part) => {
      const equals = part.indexOf('=');
      return equals < 0 ? ['', part] : [part.slice(0, equals), part.slice(equals + 1)];
    }),
  );
}

export function formatPropertyString(properties: PropertyString): string {
  return [...properties].map(([key, value]) => (key === '' ? value : `${key}=${value}`)).join(',');
}

/** PVE's ways to say yes: 1, on, yes, true. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(1|on|yes|true)$/i.test(value);
}
