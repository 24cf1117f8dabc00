import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lookup } from '../../src/model/lookup.ts';
import type { State } from '../../src/model/state.ts';
import { largeWorld } from '../../src/simulator/worlds.ts';
import { type House, openHouse } from '../support/house.ts';

const NODES = 20;

export interface LargeProject {
  readonly workers: number;
  /** How many files the workers are declared in, besides muster.yaml. */
  readonly files: number;
  readonly deploy: 'onDemand' | 'eager';
  /** How many nodes the workers are spread over; default 20. */
  readonly nodes?: number;
}

const HEAD = `muster: 1
project: bench
cluster:
  endpoint: simulator
  vmids: { from: 200000, to: 299999 }
  limits: { parallelism: 8, perNode: 4, perStorage: 64 }
images:
  debian-13: { template: { name: debian-13 } }
repositories:
  pbs-main: { address: "pbs.example.net:8007", maxConcurrent: 10000 }
defaults: { image: debian-13, storage: local-lvm, slots: 1, patch: { policy: none } }
`;

export function filesOf({
  workers,
  files,
  deploy,
  nodes = NODES,
}: LargeProject): Record<string, string> {
  const per = Math.ceil(workers / files);
  const parts = Array.from({ length: files }, (_, file) => {
    const count = Math.min(per, workers - file * per);
    const lines = Array.from({ length: count }, (_, index) =>
      worker(file * per + index, deploy, nodes),
    );
    return [`workers/part-${file}.yaml`, `workers:\n${lines.join('')}`] as const;
  });
  return { 'muster.yaml': HEAD, ...Object.fromEntries(parts) };
}

function worker(index: number, deploy: string, nodes: number): string {
  return `  worker-${index}:
    node: pve${(index % nodes) + 1}
    description: worker ${index % NODES} of the bench
    deploy: ${deploy}
    disk: { size: 8GiB }
    labels: { part: p${index % 10} }
`;
}

/** A cluster of 20 nodes with 500 other machines; the workers are applied. */
export async function largeHouse(project: LargeProject): Promise<House> {
  const isRecordedOnly = project.deploy === 'onDemand';
  const first = isRecordedOnly ? { ...project, workers: NODES, files: 1 } : project;
  const house = openHouse({ files: filesOf(first), world: largeWorld(NODES, 500) });
  const told = await house.muster('apply', '--auto-approve');
  if (told.code !== 0) throw new Error(`apply: exit ${told.code}\n${told.stdout}${told.stderr}`);
  if (isRecordedOnly) recordAlike(house, project);
  return house;
}

/** Workers without VMs are recorded alike: the first of each node stands for all that are declared there. */
export function recordAlike(
  project: { readonly root: string; write(path: string, text: string): void },
  large: LargeProject,
): void {
  const state = JSON.parse(readFileSync(join(project.root, 'muster.state.json'), 'utf8')) as State;
  const records = Array.from({ length: large.workers }, (_, index) => [
    `worker-${index}`,
    lookup(state.workers, `worker-${index % NODES}`),
  ]);
  const workers = Object.fromEntries(records);
  project.write('muster.state.json', JSON.stringify({ ...state, workers }));
  for (const [path, text] of Object.entries(filesOf(large))) project.write(path, text);
}

/** Throws unless there is nothing to do. */
export async function planNothing(house: House, ...flags: string[]): Promise<void> {
  const { code, stdout, stderr } = await house.muster('plan', '--detailed-exitcode', ...flags);
  if (code !== 0) throw new Error(`plan: exit ${code}\n${stdout.slice(0, 4000)}${stderr}`);
}
