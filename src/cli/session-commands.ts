import type { CommandSpec } from './command-spec.ts';
import { DRY_RUN, LED_SESSION_FLAGS, RECORD_DIR } from './flag-table.ts';

/** What looks at sessions, ends them, and keeps workers out of them. */
export const SESSION_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'sessions list',
    help: 'sessions that run and the last that ended',
    flags: [],
    load: async () => (await import('./commands/sessions-list.ts')).runSessionsList,
  },
  {
    name: 'sessions show',
    args: '<ID> [ITEM]',
    help: 'timeline and results of a session, or the output of one of its items',
    flags: [RECORD_DIR],
    load: async () => (await import('./commands/sessions-show.ts')).runSessionsShow,
  },
  {
    name: 'sessions resume',
    args: '<ID>',
    help: 'go on with a session whose run is dead, from any machine',
    flags: LED_SESSION_FLAGS,
    load: async () => (await import('./commands/sessions-resume.ts')).runSessionsResume,
  },
  {
    name: 'sessions stop',
    args: '<ID>',
    help: 'end what runs of a session whose run is dead, power its workers off',
    flags: LED_SESSION_FLAGS,
    load: async () => (await import('./commands/sessions-stop.ts')).runSessionsStop,
  },
  {
    name: 'quarantine',
    args: '<W...>',
    help: 'keep workers from being launched or changed; what runs in them goes on',
    flags: [
      { name: 'note', value: 'TEXT', help: 'why; needed' },
      {
        name: 'until',
        value: 'D',
        help: 'for so long (3d), or until a date; default: until release',
      },
      DRY_RUN,
    ],
    load: async () => (await import('./commands/quarantine.ts')).runQuarantine,
  },
  {
    name: 'release',
    args: '<W...>',
    help: 'end the quarantine of workers',
    flags: [DRY_RUN],
    load: async () => (await import('./commands/release.ts')).runRelease,
  },
];
