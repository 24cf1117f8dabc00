import { parseDuration, parseSize } from '../../model/quantity.ts';
import type { Mistake, Path } from '../source.ts';
import { isOpen, layersOf, type RuleContext } from './rule.ts';

const SMALLEST_MEMORY = '64MiB';
const LARGEST_MEMORY = '16TiB';
const LARGEST_DISK = '1024TiB';
const LONGEST = '366d';

/** Sizes and durations inside the bounds of sense: "0s" never ends well as a deadline. */
export function quantityRule(context: RuleContext): readonly Mistake[] {
  return [
    ...layersOf(context).flatMap(({ path, fields }) => [
      ...size(fields.memory, [...path, 'memory'], SMALLEST_MEMORY, LARGEST_MEMORY),
      ...size(fields.disk?.size, [...path, 'disk', 'size'], '1MiB', LARGEST_DISK),
      ...duration(fields.patch?.maxAge, [...path, 'patch', 'maxAge'], '0s'),
      ...Object.entries(fields.timeouts ?? {}).flatMap(([phase, text]) =>
        duration(text, [...path, 'timeouts', phase], '1s'),
      ),
      ...(fields.checks ?? []).flatMap(({ timeout }, index) =>
        duration(timeout, [...path, 'checks', index, 'timeout'], '1s'),
      ),
    ]),
    ...sessionDurations(context),
  ];
}

function sessionDurations({ document }: RuleContext): readonly Mistake[] {
  return Object.entries(document.sessions ?? {}).flatMap(([name, { guards, items = [] }]) => [
    ...duration(guards?.waitForWorkers, ['sessions', name, 'guards', 'waitForWorkers'], '0s'),
    ...items.flatMap(({ timeout }, index) =>
      duration(timeout, ['sessions', name, 'items', index, 'timeout'], '1s'),
    ),
  ]);
}

function size(
  text: string | undefined,
  path: Path,
  least: string,
  most: string,
): readonly Mistake[] {
  return bounded(text, path, parseSize, least, most);
}

function duration(text: string | undefined, path: Path, least: string): readonly Mistake[] {
  return bounded(text, path, parseDuration, least, LONGEST);
}

function bounded(
  text: string | undefined,
  path: Path,
  parse: (text: string) => number | undefined,
  least: string,
  most: string,
): readonly Mistake[] {
  if (text === undefined || isOpen(text)) return [];
  const value = parse(text);
  if (value !== undefined && value >= (parse(least) ?? 0) && value <= (parse(most) ?? 0)) return [];
  return [
    {
      code: 'out-of-range',
      message: `${path.at(-1)} must be from ${least} to ${most}`,
      at: [{ path, text: `is ${text}` }],
    },
  ];
}
