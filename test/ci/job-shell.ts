import { spawn } from 'node:child_process';

export interface JobOptions {
  /** kill -9 of everything that the step started, as soon as it said this. */
  readonly killWhen?: RegExp;
  /** Called once, as soon as a step said this. */
  readonly when?: { readonly said: RegExp; readonly tell: () => void };
}

export interface Told {
  /** 137 when it was killed. */
  readonly code: number;
  readonly output: string;
}

export interface Shell {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly options: JobOptions;
}

/** bash in a process group of its own, with that environment and no other. */
export function runShell({ argv, cwd, env, options }: Shell): Promise<Told> {
  const child = spawn('bash', argv, {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  let output = '';
  let isTold = false;
  const hear = (text: string) => {
    output += text;
    if (options.killWhen?.test(output) === true && child.pid !== undefined) {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    if (!isTold && options.when?.said.test(output) === true) {
      isTold = true;
      options.when.tell();
    }
  };
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 137, output }));
  });
}

/** Runs `work` and resolves as soon as a step of it said this, or when it is over. */
export async function begun<T>(
  said: RegExp,
  work: (options: JobOptions) => Promise<T>,
): Promise<{ readonly over: Promise<T> }> {
  let tell = () => {};
  const heard = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const over = work({ when: { said, tell: () => tell() } });
  await Promise.race([heard, over]);
  return { over };
}
