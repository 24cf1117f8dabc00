import type { LaunchPhase } from '../../model/session.ts';
import type { WorkerLaunch } from '../../model/session-result.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { clip, indented, MAX_COLUMNS, table } from '../layout.ts';
import type { Paint } from '../paint.ts';
import { elapsed } from '../words.ts';

const PHASES: readonly LaunchPhase[] = [
  'deploy',
  'update',
  'start',
  'agent',
  'test',
  'patch',
  'work',
  'stop',
];
const BEFORE_PHASES = 3;

/** Each worker's launch, a column per phase that any of them went through; below it why one was left out. */
export function launchTable(workers: readonly WorkerLaunch[], paint: Paint): readonly string[] {
  if (workers.length === 0) return [];
  const seen = PHASES.filter((phase) => workers.some((worker) => tookIn(worker, phase) !== ''));
  const head = ['Worker', 'VM', 'Items', ...seen.map(capitalised)];
  const rows = workers.map((worker) => [
    escapeTerminal(worker.worker),
    worker.vmid === undefined ? '' : String(worker.vmid),
    String(worker.items),
    ...seen.map((phase) => tookIn(worker, phase)),
  ]);
  const right = seen.map((_, index) => index + BEFORE_PHASES);
  const [header = '', ...lines] = table([head, ...rows], { right });
  return [
    paint.bold(clip(header, MAX_COLUMNS)),
    ...lines.flatMap((line, index) => [
      clip(line, MAX_COLUMNS),
      ...leftOutLines(workers[index]?.leftOut),
    ]),
  ];
}

/** All turns of the phase added up; empty: it did not go through it. */
function tookIn({ phases }: WorkerLaunch, name: LaunchPhase): string {
  const own = phases.filter(({ phase }) => phase === name);
  if (own.length === 0) return '';
  return elapsed(own.reduce((sum, { start, end }) => sum + end - start, 0));
}

function leftOutLines(why: string | undefined): readonly string[] {
  return why === undefined ? [] : indented(`left out: ${why}`, 4);
}

function capitalised(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}
