import type { Mistake } from '../source.ts';
import { clusterRule } from './cluster.ts';
import { duplicateRule } from './duplicates.ts';
import { imageRule } from './images.ts';
import { networkRule } from './networks.ts';
import { quantityRule } from './quantities.ts';
import { renameRule } from './renames.ts';
import { repositoryRule } from './repositories.ts';
import type { Rule, RuleContext } from './rule.ts';
import { sessionRule } from './sessions.ts';
import { setRule } from './sets.ts';
import { versionRule } from './version.ts';
import { workerRule } from './workers.ts';

/** What a schema can't say. */
const RULES: readonly Rule[] = [
  versionRule,
  clusterRule,
  imageRule,
  repositoryRule,
  workerRule,
  setRule,
  networkRule,
  quantityRule,
  duplicateRule,
  renameRule,
  sessionRule,
];

export function checkRules(context: RuleContext): readonly Mistake[] {
  return RULES.flatMap((rule) => rule(context));
}
