import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realProject } from '../process/real-cli.ts';
import { terraformProject, terraformVersion } from './against-terraform.ts';
import {
  filesOf,
  type LargeProject,
  largeHouse,
  planNothing,
  recordAlike,
} from './large-project.ts';
import { overLowerBound } from './large-session.ts';
import { comparePairs, measure, ms, say, timeProcess } from './measure.ts';

/**
 * npm run bench [-- help session noop many terraform]. Medians; only ratios can be compared between machines. Workers that
 * are deployed for the no-op plan: MUSTER_BENCH_WORKERS, 1000 when absent (deploying them takes minutes).
 */
const [, , main = '', ...asked] = process.argv;
const wanted = (name: string) => asked.length === 0 || asked.includes(name);
const DEPLOYED = Number(process.env.MUSTER_BENCH_WORKERS ?? 1000);

if (wanted('help')) benchHelp();
if (wanted('session')) await benchSession();
if (wanted('terraform')) benchTerraform(1000);
if (wanted('many')) {
  await benchMany({ workers: 10_000, files: 1, deploy: 'onDemand' });
  await benchMany({ workers: 10_000, files: 100, deploy: 'onDemand' });
}
if (wanted('noop')) await benchNoop(DEPLOYED);

function benchHelp(): void {
  const ours = { file: process.execPath, args: [main, '--help'] };
  const { ratio } = comparePairs(ours, { file: process.execPath, args: ['-e', '0'] }, 5, 20);
  say('--help, to an empty node process', `${ratio.toFixed(2)} x`);
}

/** How near a session comes to the least that it could take, launches included; 1.1 is the most that is wanted. */
async function benchSession(): Promise<void> {
  const size = { workers: 8, slots: 4, items: 200 };
  const [first = 0, second = 0] = await overLowerBound(size);
  const name = `session of ${size.workers} workers and ${size.items} items, total over its lower bound`;
  say(name, `${first.toFixed(3)} at first, ${second.toFixed(3)} when durations are known`);
}

/** Nothing to do for workers that all have a VM, everything read from the cluster. */
async function benchNoop(workers: number): Promise<void> {
  const house = await largeHouse({ workers, files: 1, deploy: 'eager' });
  const name = `no-op plan, ${workers} deployed workers`;
  const writes = house.state().serial;
  const bytes = statSync(join(house.root, 'muster.state.json')).size;
  say('state writes per worker deployed', (writes / workers).toFixed(1));
  say('state bytes per worker', `${Math.round(bytes / workers)}`);
  const { wallMs, cpuMs } = await measure(5, () => planNothing(house));
  say(name, `${ms(cpuMs)} of cpu, ${ms(wallMs)}, with the simulator in the process`);
  const { stderr } = await house.muster('plan', '--log-level=debug');
  for (const line of stderr.split('\n').filter((text) => text.startsWith('debug: ')))
    say('  requests', line.slice('debug: '.length));
}

/** Workers that are configured only: what reading YAML and state and planning cost. */
async function benchMany(project: LargeProject): Promise<void> {
  const house = await largeHouse(project);
  const { wallMs, cpuMs } = await measure(3, () => planNothing(house, '--refresh=false'));
  const name = `plan --refresh=false, ${project.workers} in ${project.files} files`;
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  say(name, `${ms(cpuMs)} of cpu, ${ms(wallMs)}; peak so far ${peak} MiB`);
}

/** Whole processes: as many workers as terraform has terraform_data, configured, nothing to do. */
function benchTerraform(count: number): void {
  const version = terraformVersion();
  if (version === undefined) {
    say('next to terraform plan', 'terraform is not on PATH');
    return;
  }
  const theirs = terraformProject(count);
  // Two nodes of the embedded cluster have this storage.
  const few = { workers: 20, files: 1, deploy: 'onDemand', nodes: 2 } as const;
  const ours = realProject(filesOf(few));
  timeProcess({ file: process.execPath, args: [main, 'apply', '--auto-approve'], cwd: ours.root });
  const write = (path: string, text: string) => writeFileSync(join(ours.root, path), text);
  recordAlike({ root: ours.root, write }, { ...few, workers: count });
  const env = { MUSTER_SIMULATOR_SPEED: '1' };
  const plan = ['plan', '--detailed-exitcode', '--refresh=false'];
  const {
    ours: us,
    theirs: them,
    ratio,
  } = comparePairs(
    { file: process.execPath, args: [main, ...plan], cwd: ours.root, env },
    {
      file: 'terraform',
      args: ['plan', '-detailed-exitcode', '-input=false', '-refresh=false'],
      cwd: theirs.root,
    },
    5,
  );
  say(
    `plan of ${count}, next to terraform ${version}`,
    `${ratio.toFixed(2)} x (${ms(us)} and ${ms(them)} of cpu)`,
  );
  ours.remove();
  theirs.remove();
}
