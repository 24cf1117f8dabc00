import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadDeclaration } from '../../src/declare/load-declaration.ts';
import type { Inventory } from '../../src/model/inventory.ts';
import type { PlanOptions } from '../../src/model/plan.ts';
import type { State } from '../../src/model/state.ts';
import { buildPlan } from '../../src/plan/build-plan.ts';
import { expand } from '../../src/plan/expand.ts';
import { expandFactsOf } from '../../src/plan/expand-facts.ts';
import { savePlan } from '../../src/plan/saved-plan.ts';
import { planMarkdown } from '../../src/report/markdown/plan-markdown.ts';
import { PLAIN } from '../../src/report/paint.ts';
import { planText } from '../../src/report/plan/plan-text.ts';
import { folderFiles } from '../declare/project-files.ts';
import { optionsOf } from '../plan/support/builders.ts';
import { compare } from './golden.ts';

const ROOT = import.meta.dirname;
const scenarios = readdirSync(ROOT).filter((name) => existsSync(join(ROOT, name, 'cluster.json')));

describe.each(scenarios)('%s', (name) => {
  const folder = join(ROOT, name);

  test('declaration, state and cluster give the plan that was read by a person', async () => {
    const { plan, text, markdown } = await planned(folder);
    compare(join(folder, 'golden/plan.txt'), text);
    compare(join(folder, 'golden/plan.md'), markdown);
    compare(join(folder, 'golden/plan.json'), `${JSON.stringify(plan, null, 2)}\n`);
  });
});

async function planned(folder: string) {
  const { declaration, diagnostics } = await loadDeclaration(folderFiles(folder), {});
  if (declaration === undefined)
    throw new Error(diagnostics.map(({ message }) => message).join('; '));
  const cluster = read<Partial<PlanOptionsFile> & { inventory: Inventory; state: State }>(folder);
  const { inventory, state } = cluster;
  const expanded = expand(declaration, expandFactsOf(inventory, state));
  expect(expanded.diagnostics).toEqual([]);
  const { desired } = expanded;
  const options = optionsOf(cluster.options);
  const plan = buildPlan({ declaration, desired, state, inventory, options, preflight: true });
  const view = {
    state: { where: 'muster.state.json', serial: state.serial },
    verbose: true,
    paint: PLAIN,
  };
  const saved = savePlan(plan, {
    toolVersion: '0.1.0',
    lineage: state.lineage,
    serial: state.serial,
    createdAt: inventory.cluster.time,
  });
  return { plan, text: planText(plan, view), markdown: planMarkdown(saved) };
}

interface PlanOptionsFile {
  readonly options: Partial<PlanOptions>;
}

function read<T>(folder: string): T {
  return JSON.parse(readFileSync(join(folder, 'cluster.json'), 'utf8')) as T;
}
