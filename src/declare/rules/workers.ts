import { didYouMean } from '../../model/suggest.ts';
import { optionMistake } from '../pve-options.ts';
import type { Mistake, Place } from '../source.ts';
import { isOpen, isWritten, type Layer, layersOf, namesIn, type RuleContext } from './rule.ts';
import { setNamePatterns } from './sets.ts';

/** Each block of worker fields by itself: what it refers to, and what can't stand together. */
export function workerRule(context: RuleContext): readonly Mistake[] {
  const images = namesIn(context, 'images');
  return layersOf(context).flatMap((layer) => [
    ...nodeMistakes(layer, context),
    ...imageMistakes(layer, images),
    ...vmidMistakes(layer, context),
    ...cloudInitMistakes(layer, context),
    ...optionMistakes(layer),
    ...proxyMistakes(layer),
    ...repetitions(layer, 'checks', 'name'),
    ...repetitions(layer, 'files', 'to'),
  ]);
}

function nodeMistakes({ kind, path, fields }: Layer, context: RuleContext): readonly Mistake[] {
  if (kind === 'set' || kind === 'perNode')
    return fields.node === undefined
      ? []
      : [
          {
            code: 'misplaced-key',
            message: 'a set gives each of its workers a node',
            at: [{ path: [...path, 'node'], part: 'key' }],
            remedy: 'Remove it; "nodes" chooses them.',
          },
        ];
  const { document, whole } = context;
  if (kind === 'defaults' || fields.node !== undefined || document.defaults?.node !== undefined)
    return [];
  if (isWritten(whole, [...path, 'node'])) return [];
  // A worker with the name of a set's member refines that member, and has its node from there.
  if (setNamePatterns(context).some((pattern) => pattern.test(String(path[1])))) return [];
  return [
    {
      code: 'missing-key',
      message: `the worker ${path[1]} has no "node"`,
      at: [{ path, part: 'key' }],
      remedy: 'Name the Proxmox VE node that it runs on: node: pve1.',
    },
  ];
}

function imageMistakes({ path, fields }: Layer, images: ReadonlySet<string>): readonly Mistake[] {
  const { image } = fields;
  if (image === undefined || isOpen(image) || images.has(image)) return [];
  return [
    {
      code: 'unknown-image',
      message: `there is no image "${image}"`,
      at: [{ path: [...path, 'image'] }],
      remedy:
        didYouMean(image, images) ??
        (images.size === 0
          ? `Declare it: images: { ${image}: { template: VMID } }.`
          : `Declare it under images, or use one of: ${[...images].sort().join(', ')}.`),
    },
  ];
}

function vmidMistakes(
  { kind, path, fields }: Layer,
  { document }: RuleContext,
): readonly Mistake[] {
  const { vmid } = fields;
  const { from, to } = document.cluster?.vmids ?? {};
  if (vmid === undefined) return [];
  const place: Place = { path: [...path, 'vmid'] };
  if (kind === 'defaults' || kind === 'set')
    return [
      {
        code: 'misplaced-key',
        message: 'a vmid belongs to one worker',
        at: [{ ...place, part: 'key' }],
        remedy:
          kind === 'set' ? 'Use perNode, or leave ids to cluster.vmids.' : 'Give it to the worker.',
      },
    ];
  if (from === undefined || to === undefined || (vmid >= from && vmid <= to)) return [];
  return [
    {
      code: 'vmid-outside',
      message: `vmid ${vmid} is outside cluster.vmids, ${from} to ${to}`,
      at: [place],
      remedy: 'Use one of that range, or widen it.',
    },
  ];
}

/** User data from a snippet replaces what user and sshKeys would have made, so they would be lost without a word. */
function cloudInitMistakes(
  { kind, path, fields }: Layer,
  { document }: RuleContext,
): readonly Mistake[] {
  const own = fields.cloudInit ?? {};
  const below = kind === 'defaults' ? {} : (document.defaults?.cloudInit ?? {});
  const all = { ...below, ...own };
  const lost = (['user', 'sshKeys'] as const).filter((key) => all[key] !== undefined);
  const isHere = own.userData !== undefined || lost.some((key) => own[key] !== undefined);
  if (all.userData === undefined || lost.length === 0 || !isHere) return [];
  const placeOf = (key: 'userData' | 'user' | 'sshKeys', text: string): Place => ({
    path: [...(own[key] === undefined ? ['defaults'] : path), 'cloudInit', key],
    part: 'key',
    text,
  });
  return [
    {
      code: 'user-data-replaces',
      message: `userData replaces ${lost.join(' and ')}`,
      at: [
        placeOf('userData', 'replaces the generated user data'),
        ...lost.map((key) => placeOf(key, 'would be lost')),
      ],
      remedy: `Write ${lost.join(' and ')} into the snippet, or use vendorData.`,
    },
  ];
}

function optionMistakes({ path, fields }: Layer): readonly Mistake[] {
  return Object.keys(fields.options ?? {}).flatMap((key) => {
    const mistake = optionMistake(key);
    return mistake === undefined
      ? []
      : [{ ...mistake, at: [{ path: [...path, 'options', key], part: 'key' as const }] }];
  });
}

/** It goes into state, plan and the guest's files as it is written. */
function proxyMistakes({ path, fields }: Layer): readonly Mistake[] {
  const proxy = fields.patch?.proxy;
  if (proxy === undefined || !proxy.includes('@')) return [];
  return [
    {
      code: 'plain-secret',
      message: "a proxy's address can't hold a user or password",
      at: [{ path: [...path, 'patch', 'proxy'] }],
      remedy: 'Let the proxy know the workers by their addresses, and write http://HOST:PORT.',
    },
  ];
}

function repetitions(
  { path, fields }: Layer,
  list: 'checks' | 'files',
  key: 'name' | 'to',
): readonly Mistake[] {
  const entries: readonly Readonly<Record<string, unknown>>[] = fields[list] ?? [];
  const first = new Map<unknown, number>();
  return entries.flatMap((entry, index) => {
    const value = entry[key];
    const other = first.get(value);
    if (other === undefined) {
      first.set(value, index);
      return [];
    }
    return [
      {
        code: list === 'checks' ? 'duplicate-check' : 'duplicate-file',
        message:
          list === 'checks' ? `two checks have the name "${value}"` : `two files go to ${value}`,
        at: [other, index].map((at) => ({ path: [...path, list, at, key] })),
        remedy: 'Rename one of them.',
      },
    ];
  });
}
