import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** The command line as a program of its own, built from the sources as they are. */
export interface RealCli {
  readonly main: string;
  remove(): void;
}

/** Built inside node_modules, so that the bundle finds the native lock. */
export function buildCli(name: string): RealCli {
  const outdir = join(ROOT, 'node_modules/.muster-tests', `cli-${name}-${process.pid}`);
  const built = spawnSync(process.execPath, [join(ROOT, '.build/build.mjs'), outdir], {
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(`the build failed: ${built.stderr}`);
  return {
    main: join(outdir, 'main.js'),
    remove: () => rmSync(outdir, { recursive: true, force: true }),
  };
}

export interface RealProject {
  readonly root: string;
  remove(): void;
}

/** A folder with these files. */
export function realProject(files: Readonly<Record<string, string>>): RealProject {
  const root = mkdtempSync(join(tmpdir(), 'muster-process-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

export interface Ended {
  /** null: ended by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** kill -9 so many ms after the first byte of output. */
  readonly killAfterMs?: number;
}

/** Runs one command line to its end, or kills it. Nothing of our own environment reaches it but PATH. */
export function runReal(
  cli: RealCli,
  argv: readonly string[],
  options: RunOptions,
): Promise<Ended> {
  const { cwd, env = {}, killAfterMs } = options;
  const started = performance.now();
  const child = spawn(process.execPath, [cli.main, ...argv], {
    cwd,
    env: { PATH: process.env.PATH, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (killAfterMs !== undefined) killLater(child, killAfterMs);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({ code, stdout, stderr, tookMs: performance.now() - started }),
    );
  });
}

function killLater(child: ChildProcess, ms: number): void {
  child.stdout?.once('data', () => {
    const timer = setTimeout(() => child.kill('SIGKILL'), ms);
    child.once('exit', () => clearTimeout(timer));
  });
}
