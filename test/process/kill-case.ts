import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { State } from '../../src/model/state.ts';
import { type SimServer, startServer } from '../../src/simulator/server.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import { QUICKSTART_FILES } from '../support/quickstart.ts';
import { type RealCli, realProject, runReal } from './real-cli.ts';

const TEST = ['apply', '--test', '--auto-approve'];

export interface KillOutcome {
  readonly killed: boolean;
  /** What is not as it must be; empty: all well. */
  readonly wrong: readonly string[];
}

/**
 * kill -9 of `apply --test` of the built program, `afterMs` after its first output, against a server of its own;
 * then one more apply, and a look at what is there.
 */
export async function killCase(cli: RealCli, afterMs: number): Promise<KillOutcome> {
  const server = await startServer({
    port: 0,
    speed: 50,
    world: quickstartWorld(),
    nowMs: Date.now,
  });
  const project = realProject(QUICKSTART_FILES);
  const env = { MUSTER_PVE_ENDPOINT: server.endpoint, MUSTER_PVE_TOKEN: server.token };
  const run = (argv: readonly string[], killAfterMs?: number) =>
    runReal(cli, argv, {
      cwd: project.root,
      env,
      ...(killAfterMs === undefined ? {} : { killAfterMs }),
    });
  try {
    const first = await run(TEST, afterMs);
    const second = await run(TEST);
    const plan = await run(['plan', '--detailed-exitcode']);
    const told = [first, second, plan].map(({ stdout, stderr }) => `${stdout}${stderr}`);
    const wrong = [
      ...(second.code === 0 ? [] : [`the apply after it ended with ${second.code}:\n${told[1]}`]),
      ...(plan.code === 0 ? [] : [`the plan after that ended with ${plan.code}:\n${told[2]}`]),
      ...disorder(server, join(project.root, 'muster.state.json')),
    ];
    if (wrong.length > 0) wrong.push(`the killed run said:\n${told[0]}`);
    return { killed: first.code === null, wrong };
  } finally {
    await server.close();
    project.remove();
  }
}

/** One VM for each worker, powered off; nothing begun and not ended; no lease or run left. */
function disorder(server: SimServer, statePath: string): readonly string[] {
  const { workers, runs } = JSON.parse(readFileSync(statePath, 'utf8')) as State;
  const recorded = Object.values(workers).map(({ vm }) => vm?.vmid);
  const vms = Object.values(server.cluster.world.vms).filter(({ vmid }) => vmid >= 9100);
  const existing = vms.map(({ vmid }) => vmid);
  const running = vms.filter(({ power }) => power.status !== 'stopped');
  const busy = Object.entries(workers).filter(([, { doing, lease }]) => doing ?? lease);
  return [
    ...(sorted(recorded) === sorted(existing)
      ? []
      : [`recorded are VMs ${sorted(recorded)}, and there are ${sorted(existing)}`]),
    ...(existing.length === 3 ? [] : [`${existing.length} VMs for 3 workers`]),
    ...running.map(({ vmid }) => `VM ${vmid} is left running`),
    ...busy.map(([name]) => `${name} has something begun or leased`),
    ...Object.keys(runs).map((id) => `run ${id} is left`),
  ];
}

function sorted(vmids: readonly unknown[]): string {
  return vmids.map(String).sort().join(' ');
}
