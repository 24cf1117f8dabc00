import { parsePropertyString } from '../property-string.ts';
import { type Attribute, entry } from './attribute.ts';
import { editProperty, setValue } from './draft.ts';

const PRIVILEGES = ['VM.Config.Cloudinit'];

/** User, keys, and the snippets that add to or replace what PVE generates. */
export const CLOUD_INIT_ROWS: readonly Attribute[] = [
  {
    path: 'cloudInit.user',
    keys: ['ciuser'],
    cost: 'cloud-init-rerun',
    privileges: PRIVILEGES,
    declare: ({ spec }) => entry('cloudInit.user', spec.cloudInit?.user),
    read: (vm) => entry('cloudInit.user', vm.config.values.ciuser),
    write: (draft, value) => setValue(draft, 'ciuser', typeof value === 'string' ? value : null),
  },
  {
    path: 'cloudInit.sshKeys',
    keys: ['sshkeys'],
    cost: 'cloud-init-rerun',
    privileges: PRIVILEGES,
    declare: ({ spec }) => {
      const keys = keyLines((spec.cloudInit?.sshKeys ?? []).join('\n'));
      return keys.length === 0 ? [] : [['cloudInit.sshKeys', keys]];
    },
    read: (vm) => {
      const keys = keyLines(decoded(vm.config.values.sshkeys ?? ''));
      return keys.length === 0 ? [] : [['cloudInit.sshKeys', keys]];
    },
    // PVE keeps the keys percent-encoded; the form encoding of the request comes on top (fact 24).
    write: (draft, value) =>
      setValue(
        draft,
        'sshkeys',
        Array.isArray(value) ? percentEncoded(`${value.join('\n')}\n`) : null,
      ),
  },
  snippetRow('cloudInit.userData', 'user', (cloudInit) => cloudInit?.userData),
  snippetRow('cloudInit.networkData', 'network', (cloudInit) => cloudInit?.networkData),
  snippetRow('cloudInit.vendorData', 'vendor', (cloudInit) => cloudInit?.vendorData),
];

function snippetRow(
  path: string,
  sub: string,
  declared: (
    cloudInit: Parameters<Attribute['declare']>[0]['spec']['cloudInit'],
  ) => string | undefined,
): Attribute {
  return {
    path,
    keys: ['cicustom'],
    sub,
    cost: 'cloud-init-rerun',
    privileges: PRIVILEGES,
    declare: ({ spec }) => entry(path, declared(spec.cloudInit)),
    read: (vm) => entry(path, parsePropertyString(vm.config.values.cicustom).get(sub)),
    write: (draft, value) =>
      editProperty(draft, 'cicustom', sub, typeof value === 'string' ? value : null),
  };
}

/** One key a line, inner white space as single spaces, order kept. */
function keyLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '');
}

/** encodeURIComponent leaves !'()* alone, PVE's own check wants only unreserved characters bare. */
function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A value that is no valid percent-encoding was never ours; it is shown as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
