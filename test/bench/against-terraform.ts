import { spawnSync } from 'node:child_process';
import { type RealProject, realProject } from '../process/real-cli.ts';
import { timeProcess } from './measure.ts';

/** undefined: it is not on PATH. */
export function terraformVersion(): string | undefined {
  const { stdout, status } = spawnSync('terraform', ['version', '-json'], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  return /"terraform_version": "([^"]+)"/.exec(stdout)?.[1];
}

/** A project with so many applied resources of the built-in kind that makes nothing. */
export function terraformProject(count: number): RealProject {
  const blocks = Array.from({ length: count }, (_, index) => resource(index));
  const project = realProject({ 'main.tf': blocks.join('\n') });
  const run = (...args: string[]) => timeProcess({ file: 'terraform', args, cwd: project.root });
  run('init', '-input=false');
  run('apply', '-auto-approve', '-input=false');
  return project;
}

function resource(index: number): string {
  return `resource "terraform_data" "worker_${index}" {
  input = {
    node        = "pve${(index % 20) + 1}"
    description = "worker ${index} of the bench"
    deploy      = "onDemand"
    disk        = "8GiB"
    part        = "p${index % 10}"
  }
}
`;
}
