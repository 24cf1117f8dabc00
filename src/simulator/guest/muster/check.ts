import type { Program } from '../program.ts';
import { answer } from './answer.ts';

/** Runs a declared check: the program must be there, and its time limit holds. */
export const check: Program = ({ args, run }) => {
  const [seconds = '1', ...argv] = args;
  const limit = Number(seconds) * 1000;
  const result = run(argv);
  if (result === undefined) {
    const words = `timeout: failed to run command '${argv[0] ?? ''}': No such file or directory`;
    return answer([['check', 127, 'exit', words]]);
  }
  if (result.takesMs >= limit) return answer([['check', 124, 'timeout', '']], limit);
  const lines = (result.stdout + result.stderr).split('\n').filter((line) => line.trim() !== '');
  return answer([['check', result.exit, 'exit', lines.at(-1) ?? '']], result.takesMs + 10);
};
