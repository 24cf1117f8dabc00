import { spawnSync } from 'node:child_process';

/** Of the middle; the list must not be empty. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The shell counts what its children took: steadier than the wall's time on a machine with other work. */
const COUNTED =
  'n=$1; shift; while [ $n -gt 0 ]; do "$@" >/dev/null || exit; n=$((n-1)); done; times';

/** User and system time of a whole process in ms. Throws when it ends with anything but 0. */
export function timeProcess({ file, args, cwd, env = {} }: Command, repeat = 1): number {
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', COUNTED, 'sh', `${repeat}`, file, ...args],
    {
      cwd,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', ...env },
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: exit ${status}\n${stderr}`);
  const children = stdout.trim().split('\n').at(-1) ?? '';
  const spans = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
  const seconds = spans.map(([, minutes, rest]) => Number(minutes) * 60 + Number(rest));
  return (seconds.reduce((sum, part) => sum + part, 0) * 1000) / repeat;
}

export interface Pairs {
  readonly ours: number;
  readonly theirs: number;
  /** Median of the ratios pair by pair: steady while the machine's speed drifts. */
  readonly ratio: number;
}

/** Processor time of two commands in turn, after one uncounted run of each. */
export function comparePairs(ours: Command, theirs: Command, times: number, repeat = 1): Pairs {
  timeProcess(ours);
  timeProcess(theirs);
  const pairs = Array.from({ length: times }, () => ({
    us: timeProcess(ours, repeat),
    them: timeProcess(theirs, repeat),
  }));
  return {
    ours: median(pairs.map(({ us }) => us)),
    theirs: median(pairs.map(({ them }) => them)),
    ratio: median(pairs.map(({ us, them }) => us / them)),
  };
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
