import type { CliContext, TextOutput } from './context.ts';

/**
 * Colours are for terminals only. NO_COLOR and CI turn them off whatever their value, unless it is empty;
 * `flag` is false after --no-color.
 */
export function wantsColour(stream: TextOutput, env: CliContext['env'], flag: unknown): boolean {
  const off = [env.NO_COLOR, env.CI].some((value) => value !== undefined && value !== '');
  return stream.isTTY && !off && flag !== false && env.TERM !== 'dumb';
}
