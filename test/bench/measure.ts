import { spawnSync } from 'node:child_process';

/** Of the middle; the list must not be empty. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Wall time of a whole process in ms. Throws when it ends with anything but 0. */
export function timeProcess({ file, args, cwd, env = {} }: Command): number {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(file, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', ...env },
    encoding: 'utf8',
    maxBuffer: 256 * 1024 ** 2,
  });
  if (status !== 0)
    throw new Error(`${file} ${args.join(' ')}: exit ${status}\n${stderr}${stdout.slice(0, 2000)}`);
  return performance.now() - started;
}

export interface Pairs {
  readonly ours: number;
  readonly theirs: number;
  /** Of the fastest runs: what else the machine does only ever makes a run slower. */
  readonly ratio: number;
}

/** Two commands in turn, after one uncounted run of each. */
export function comparePairs(ours: Command, theirs: Command, times: number): Pairs {
  timeProcess(ours);
  timeProcess(theirs);
  const pairs = Array.from({ length: times }, () => [timeProcess(ours), timeProcess(theirs)]);
  const column = (index: number) => pairs.map((pair) => pair[index] ?? Number.NaN);
  const ratio = Math.min(...column(0)) / Math.min(...column(1));
  return { ours: median(column(0)), theirs: median(column(1)), ratio };
}

export interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Medians of several runs in this process. */
export async function measure(times: number, work: () => Promise<void>): Promise<Cost> {
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let run = 0; run < times; run += 1) {
    const started = performance.now();
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    wall.push(performance.now() - started);
    cpu.push((user + system) / 1000);
  }
  return { wallMs: median(wall), cpuMs: median(cpu) };
}

export function ms(value: number): string {
  return value >= 10_000 ? `${(value / 1000).toFixed(1)} s` : `${Math.round(value)} ms`;
}

export function say(name: string, text: string): void {
  process.stdout.write(`${name.padEnd(44)}${text}\n`);
}
