import { didYouMean } from '../../model/suggest.ts';
import type { Mistake, Place } from '../source.ts';
import { isOpen, namesIn, type RuleContext } from './rule.ts';
import { setNamePatterns } from './sets.ts';

/** `renamed` and `removed` speak of workers that are not declared any more. */
export function renameRule(context: RuleContext): readonly Mistake[] {
  const { renamed = {}, removed = [] } = context.document;
  return [
    ...Object.entries(renamed).flatMap(([from, to]) => renameMistakes(from, to, renamed, context)),
    ...sameTargets(renamed),
    ...removed.flatMap((name, index) => removedMistakes(name, index, context)),
  ];
}

function renameMistakes(
  from: string,
  to: string,
  renamed: Readonly<Record<string, string>>,
  context: RuleContext,
): readonly Mistake[] {
  const key: Place = { path: ['renamed', from], part: 'key' };
  const value: Place = { path: ['renamed', from] };
  if (isOpen(from) !== isOpen(to))
    return [
      { code: 'bad-rename', message: 'either both names hold ${node}, or none', at: [value] },
    ];
  if (isCircle(from, renamed))
    return [
      {
        code: 'rename-circle',
        message: `renaming ${from} leads back to ${from}`,
        at: [value],
        remedy: 'Rename one of them to a third name first, and apply.',
      },
    ];
  if (namesIn(context, 'workers').has(from))
    return [
      {
        code: 'still-declared',
        message: `${from} is renamed, and still declared`,
        at: [
          { path: ['workers', from], part: 'key', text: 'declared here' },
          { ...key, text: 'renamed here' },
        ],
        remedy: `Declare it as ${to} only.`,
      },
    ];
  return isDeclared(to, context) || Object.hasOwn(renamed, to)
    ? []
    : [unknownTarget(to, value, context)];
}

function unknownTarget(to: string, place: Place, context: RuleContext): Mistake {
  return {
    code: 'unknown-worker',
    message: `no worker "${to}" is declared`,
    at: [place],
    remedy: didYouMean(to, namesIn(context, 'workers')) ?? 'Declare the worker under its new name.',
  };
}

function isDeclared(name: string, context: RuleContext): boolean {
  const sample = name.replaceAll('${node}', 'node');
  return (
    namesIn(context, 'workers').has(name) ||
    setNamePatterns(context).some((pattern) => pattern.test(sample))
  );
}

function isCircle(from: string, renamed: Readonly<Record<string, string>>): boolean {
  const seen = new Set<string>();
  let name: string | undefined = from;
  while (name !== undefined && !seen.has(name)) {
    seen.add(name);
    name = Object.hasOwn(renamed, name) ? renamed[name] : undefined;
  }
  return name === from;
}

function sameTargets(renamed: Readonly<Record<string, string>>): readonly Mistake[] {
  const first = new Map<string, string>();
  return Object.entries(renamed).flatMap(([from, to]) => {
    const other = first.get(to);
    if (other === undefined) {
      first.set(to, from);
      return [];
    }
    return [
      {
        code: 'bad-rename',
        message: `two workers are renamed to ${to}`,
        at: [{ path: ['renamed', other] }, { path: ['renamed', from] }],
      },
    ];
  });
}

function removedMistakes(name: string, index: number, context: RuleContext): readonly Mistake[] {
  const place: Place = { path: ['removed', index] };
  if (Object.hasOwn(context.document.renamed ?? {}, name))
    return [
      {
        code: 'bad-rename',
        message: `${name} is both removed and renamed`,
        at: [place, { path: ['renamed', name], part: 'key' }],
      },
    ];
  if (!namesIn(context, 'workers').has(name)) return [];
  return [
    {
      code: 'still-declared',
      message: `${name} is to be forgotten, and still declared`,
      at: [
        { path: ['workers', name], part: 'key', text: 'declared here' },
        { ...place, text: 'removed here' },
      ],
      remedy: 'Delete one of the two.',
    },
  ];
}
