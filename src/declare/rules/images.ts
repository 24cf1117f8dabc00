import type { Image } from '../../generated/declaration-document.ts';
import type { Mistake, Path } from '../source.ts';
import type { RuleContext } from './rule.ts';

const SOURCES = ['template', 'import', 'url'] as const;

/** An image has one source, and that source's keys only. */
export function imageRule({ document }: RuleContext): readonly Mistake[] {
  return Object.entries(document.images ?? {}).flatMap(([name, image]) =>
    imageMistakes(image, ['images', name]),
  );
}

function imageMistakes(image: Image, path: Path): readonly Mistake[] {
  const sources = SOURCES.filter((source) => image[source] !== undefined);
  const [source] = sources;
  if (source === undefined || sources.length > 1)
    return [
      {
        code: 'image-source',
        message: `an image has one of template, import and url; this has ${source === undefined ? 'none' : sources.join(' and ')}`,
        at: sources.length > 1 ? sources.map((key) => keyAt(path, key)) : [{ path, part: 'key' }],
      },
    ];
  return [
    ...foreignKeys(image, source, path),
    ...downloadMistakes(image, path),
    ...templateMistakes(image, path),
  ];
}

function foreignKeys(image: Image, source: string, path: Path): readonly Mistake[] {
  const owners = { clone: 'template', checksum: 'url', storage: 'url' } as const;
  return (['clone', 'checksum', 'storage'] as const)
    .filter((key) => image[key] !== undefined && owners[key] !== source)
    .map((key) => ({
      code: 'misplaced-key',
      message: `"${key}" goes with "${owners[key]}", and this image has "${source}"`,
      at: [keyAt(path, key)],
      remedy: 'Remove it.',
    }));
}

function downloadMistakes(image: Image, path: Path): readonly Mistake[] {
  if (image.url === undefined) return [];
  return (['checksum', 'storage'] as const)
    .filter((key) => image[key] === undefined)
    .map((key) => ({
      code: 'missing-key',
      message: `an image with a url needs "${key}"`,
      at: [keyAt(path, 'url')],
      remedy:
        key === 'checksum'
          ? 'Copy it from the publisher, as sha512:HEX or sha256:HEX.'
          : 'Name a storage with content "import" that keeps the download.',
    }));
}

function templateMistakes({ template }: Image, path: Path): readonly Mistake[] {
  if (template === undefined || typeof template === 'number') return [];
  const { name, perNode } = template;
  if ((name === undefined) !== (perNode === undefined) && !isEmpty(perNode)) return [];
  return [
    {
      code: 'image-source',
      message: 'a template is a vmid, { name: ... } or { perNode: { NODE: VMID } }',
      at: [keyAt(path, 'template')],
    },
  ];
}

function isEmpty(map: object | undefined): boolean {
  return map !== undefined && Object.keys(map).length === 0;
}

function keyAt(path: Path, key: string) {
  return { path: [...path, key], part: 'key' as const };
}
