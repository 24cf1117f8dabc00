import type { Mistake } from '../source.ts';
import { satisfies } from '../version-range.ts';
import type { RuleContext } from './rule.ts';

export function versionRule({ document, version }: RuleContext): readonly Mistake[] {
  const range = document.requiredVersion;
  if (range === undefined || version === undefined) return [];
  const at = [{ path: ['requiredVersion'] }];
  const fits = satisfies(version, range);
  if (fits === undefined)
    return [
      {
        code: 'bad-value',
        message: 'this is not a version range',
        at,
        remedy: 'Write it like ">=0.1 <1".',
      },
    ];
  if (fits) return [];
  return [
    {
      code: 'wrong-version',
      message: `this project needs Muster ${range}, and this is ${version}`,
      at,
      remedy: 'Install a version that fits, or change requiredVersion with your colleagues.',
    },
  ];
}
