import { activity } from './muster/activity.ts';
import { check } from './muster/check.ts';
import { checks } from './muster/checks.ts';
import { files } from './muster/files.ts';
import { beat, launch } from './muster/launch.ts';
import { patch } from './muster/patch.ts';
import { ready } from './muster/ready.ts';
import { supervise, superviseStatus, superviseStop } from './muster/supervise.ts';
import type { Program, ProgramRegistry } from './program.ts';

/** The programs that `sh -c TEXT NAME/VERSION …` can be: one line each. */
export const programs: ProgramRegistry = new Map<string, Program>([
  ['muster-ready/1', ready],
  ['muster-launch/1', launch],
  ['muster-beat/1', beat],
  ['muster-files/1', files],
  ['muster-checks/1', checks],
  ['muster-check/1', check],
  ['muster-patch/1', patch],
  ['muster-supervise/1', supervise],
  ['muster-supervise-status/1', superviseStatus],
  ['muster-supervise-stop/1', superviseStop],
  ['muster-activity/1', activity],
]);
