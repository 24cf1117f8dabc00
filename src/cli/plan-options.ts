import { DEFAULT_PLAN_OPTIONS, type PlanOptions } from '../model/plan.ts';
import { shellWord } from '../report/words.ts';
import { boolOf, isSet, listOf } from './flags.ts';
import type { Flags } from './invocation.ts';

/** What the flags of plan and apply ask for. */
export function planOptionsOf(flags: Flags): PlanOptions {
  return {
    ...DEFAULT_PLAN_OPTIONS,
    test: isSet(flags, 'test'),
    destroy: isSet(flags, 'destroy'),
    refreshOnly: isSet(flags, 'refresh-only'),
    refresh: boolOf(flags, 'refresh'),
    prune: isSet(flags, 'prune'),
    strict: isSet(flags, 'strict'),
    target: listOf(flags, 'target'),
    exclude: listOf(flags, 'exclude'),
    replace: listOf(flags, 'replace'),
    force: listOf(flags, 'force'),
  };
}

/** The flags that make the same plan again, as one would type them. */
export function planFlags(options: PlanOptions): string {
  const named = (name: string, workers: readonly string[]) =>
    workers.flatMap((worker) => [`--${name}`, shellWord(worker)]);
  return [
    ...(options.test ? ['--test'] : []),
    ...(options.destroy ? ['--destroy'] : []),
    ...(options.refreshOnly ? ['--refresh-only'] : []),
    ...(options.refresh ? [] : ['--refresh=false']),
    ...(options.prune ? ['--prune'] : []),
    ...(options.strict ? ['--strict'] : []),
    ...named('target', options.target),
    ...named('exclude', options.exclude),
    ...named('replace', options.replace),
  ].join(' ');
}
