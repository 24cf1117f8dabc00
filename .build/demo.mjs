// The main job on the quick start, in a folder of its own that is removed afterwards: plan, apply with test, a session, plan.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const muster = join(root, 'dist', 'main.js');
const project = mkdtempSync(join(tmpdir(), 'muster-demo-'));
cpSync(join(root, 'examples', 'quickstart'), project, { recursive: true });

const run = (args, expected) => {
  console.log(`\n$ muster ${args.join(' ')}`);
  const { status, error } = spawnSync(process.execPath, [muster, ...args], {
    cwd: project,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error !== undefined) throw error;
  if (status !== expected) throw new Error(`exit ${status} where ${expected} was expected`);
};

try {
  run(['plan'], 0);
  run(['apply', '--auto-approve'], 0);
  run(['apply', '--test', '--auto-approve'], 0);
  run(['apply', '--with-session', 'nightly'], 0);
  run(['status'], 0);
  run(['plan', '--detailed-exitcode'], 0);
} finally {
  rmSync(project, { recursive: true, force: true });
}
