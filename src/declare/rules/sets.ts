import type { WorkerSet } from '../../generated/declaration-document.ts';
import { didYouMean } from '../../model/suggest.ts';
import type { Mistake, Path } from '../source.ts';
import { isOpen, type RuleContext } from './rule.ts';

const DNS_NAME =
  /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

export function setRule({ document }: RuleContext): readonly Mistake[] {
  return Object.entries(document.workerSets ?? {}).flatMap(([name, set]) => {
    const path = ['workerSets', name];
    return [...nameMistakes(set, path), ...nodeMistakes(set, path)];
  });
}

/** Expressions that the names of sets' members match. */
export function setNamePatterns({ document }: RuleContext): readonly RegExp[] {
  return Object.values(document.workerSets ?? {}).flatMap(({ name }) =>
    name === undefined ? [] : [patternOf(name)],
  );
}

/** An expression for a name that holds `${node}`. */
export function patternOf(name: string): RegExp {
  const parts = name.split('${node}').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[A-Za-z0-9-]+')}$`);
}

function nameMistakes({ name }: WorkerSet, path: Path): readonly Mistake[] {
  if (name === undefined)
    return [
      {
        code: 'missing-key',
        message: 'a worker set needs "name"',
        at: [{ path, part: 'key' }],
        remedy: 'Add a line such as: name: "backup-${node}"',
      },
    ];
  const place = { path: [...path, 'name'] };
  if (!name.includes('${node}'))
    return [
      {
        code: 'bad-name',
        message: "the name of a set's workers must hold ${node}, or all of them have one name",
        at: [place],
        remedy: 'Write it like "backup-${node}".',
      },
    ];
  const sample = name.replaceAll('${node}', 'n');
  if (DNS_NAME.test(sample) && sample.length <= 60) return [];
  return [
    {
      code: 'bad-name',
      message: `"${name}" does not make names of letters, digits and inner hyphens, at most 63 long`,
      at: [place],
    },
  ];
}

/** Fields for a node that the set never uses. */
function nodeMistakes({ nodes = 'all', perNode = {} }: WorkerSet, path: Path): readonly Mistake[] {
  const used = Array.isArray(nodes) ? nodes : undefined;
  const excluded = typeof nodes === 'object' && !Array.isArray(nodes) ? (nodes.except ?? []) : [];
  return Object.keys(perNode)
    .filter(
      (node) =>
        excluded.includes(node) ||
        (used !== undefined && !used.includes(node) && !used.some(isOpen)),
    )
    .map((node) => ({
      code: 'unused-node',
      message: `the set has no worker on ${node}`,
      at: [{ path: [...path, 'perNode', node], part: 'key' }],
      remedy: didYouMean(node, used ?? []) ?? `Add ${node} to nodes, or remove its fields here.`,
    }));
}
