/**
 * Parameters as Proxmox reads them, in a body or a query: booleans are 1 and 0 (`true` is refused), an array
 * repeats its key, order is kept. Members that are undefined or null are left out.
 */
export function encodeForm(params: Readonly<Record<string, unknown>>): string {
  const form = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value === undefined || value === null) continue;
    for (const item of [value].flat()) form.append(key, encodeScalar(key, item));
  }
  return form.toString();
}

function encodeScalar(key: string, value: unknown): string {
  switch (typeof value) {
    case 'boolean':
      return value ? '1' : '0';
    case 'number':
    case 'string':
      return String(value);
    default:
      throw new TypeError(`parameter ${key} is neither text, a number nor a boolean`);
  }
}
