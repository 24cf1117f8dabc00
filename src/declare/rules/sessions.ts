import type { Item, Session, Worker } from '../../generated/declaration-document.ts';
import { placeholdersIn } from '../../model/placeholder.ts';
import { didYouMean } from '../../model/suggest.ts';
import type { Mistake, Path } from '../source.ts';
import { envMistakes } from './repositories.ts';
import { isOpen, isWritten, namesIn, type RuleContext } from './rule.ts';
import { patternOf, setNamePatterns } from './sets.ts';

/** Sessions choose workers and repositories that exist, and name their items apart. */
export function sessionRule(context: RuleContext): readonly Mistake[] {
  return Object.entries(context.document.sessions ?? {}).flatMap(([name, session]) => {
    const path = ['sessions', name];
    return [
      ...selectionMistakes(session, path, context),
      ...itemsMistakes(session, path, context),
      ...envMistakes(session.env ?? {}, [...path, 'env']),
    ];
  });
}

function selectionMistakes(session: Session, path: Path, context: RuleContext): readonly Mistake[] {
  const { names = [], labels } = session.workers ?? {};
  const unknown = names.flatMap((name, index) =>
    unknownWorker(name, [...path, 'workers', 'names', index], context),
  );
  if (unknown.length > 0 || labels === undefined || bearers(labels, context)) return unknown;
  return [
    {
      code: 'selects-nobody',
      message: 'no declared worker bears these labels',
      at: [{ path: [...path, 'workers', 'labels'] }],
      remedy: 'Give them to workers with "labels", or select others.',
    },
  ];
}

function unknownWorker(name: string, path: Path, context: RuleContext): readonly Mistake[] {
  const workers = namesIn(context, 'workers');
  const isMember = setNamePatterns(context).some((pattern) => pattern.test(name));
  if (workers.has(name) || isMember) return [];
  return [
    {
      code: 'unknown-worker',
      message: `there is no worker "${name}"`,
      at: [{ path }],
      remedy: didYouMean(name, workers) ?? 'Declare it under workers, or choose another one.',
    },
  ];
}

/** Whether any worker may bear these labels; workers that the schema found wrong are given the benefit of the doubt. */
function bearers(labels: Readonly<Record<string, string>>, context: RuleContext): boolean {
  const { defaults = {}, workers = {}, workerSets = {} } = context.document;
  if (namesIn(context, 'workers').size > Object.keys(workers).length) return true;
  if (namesIn(context, 'workerSets').size > Object.keys(workerSets).length) return true;
  const own = Object.entries(workers).map(([name, worker]) => {
    const sets = Object.values(workerSets).flatMap(({ name: members, worker: fields = {} }) =>
      members !== undefined && patternOf(members).test(name) ? [fields] : [],
    );
    return [defaults, ...sets, worker];
  });
  const members = Object.values(workerSets).flatMap(({ worker = {}, perNode = {} }) => [
    [defaults, worker],
    ...Object.values(perNode).map((fields) => [defaults, worker, fields]),
  ]);
  return [...own, ...members].some((layers) => bears(layers, labels));
}

function bears(layers: readonly Worker[], labels: Readonly<Record<string, string>>): boolean {
  const all: Readonly<Record<string, string>> = Object.assign(
    {},
    ...layers.map((layer) => layer.labels ?? {}),
  );
  return Object.entries(labels).every(([key, value]) => {
    const own = Object.hasOwn(all, key) ? all[key] : undefined;
    return own === value || (own !== undefined && isOpen(`${own}${value}`));
  });
}

function itemsMistakes({ items }: Session, path: Path, context: RuleContext): readonly Mistake[] {
  if (items === undefined && isWritten(context.whole, [...path, 'items'])) return [];
  if (items === undefined)
    return [
      {
        code: 'missing-key',
        message: 'a session needs "items"',
        at: [{ path, part: 'key' }],
        remedy: 'List the work to do: items: [{ name: ..., run: [...] }].',
      },
    ];
  return [
    ...items.flatMap((item, index) => itemMistakes(item, [...path, 'items', index], context)),
    ...sameNames(items, [...path, 'items']),
  ];
}

function itemMistakes(item: Item, path: Path, context: RuleContext): readonly Mistake[] {
  const { forEachVm, name, repository, env = {} } = item;
  const repositories = namesIn(context, 'repositories');
  const isSame =
    forEachVm !== undefined &&
    !placeholdersIn(name).some(({ name: word }) => word === 'vm.id' || word === 'vm.name');
  return [
    ...(isSame
      ? [
          {
            code: 'bad-name',
            message: 'every VM would get an item of this name',
            at: [{ path: [...path, 'name'] }],
            remedy: 'Put ${vm.id} into it, such as "vm-${vm.id}".',
          },
        ]
      : []),
    ...(repository === undefined || isOpen(repository) || repositories.has(repository)
      ? []
      : [
          {
            code: 'unknown-repository',
            message: `there is no repository "${repository}"`,
            at: [{ path: [...path, 'repository'] }],
            remedy: didYouMean(repository, repositories) ?? 'Declare it under repositories.',
          },
        ]),
    ...envMistakes(env, [...path, 'env']),
  ];
}

function sameNames(items: readonly Item[], path: Path): readonly Mistake[] {
  const first = new Map<string, number>();
  return items.flatMap(({ name }, index) => {
    const other = first.get(name);
    if (other === undefined) {
      first.set(name, index);
      return [];
    }
    return [
      {
        code: 'duplicate-item',
        message: `two items have the name "${name}"`,
        at: [other, index].map((at) => ({ path: [...path, at, 'name'] })),
        remedy: 'Rename one of them: results are kept by name.',
      },
    ];
  });
}
