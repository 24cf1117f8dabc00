import type { CommandSpec } from './command-spec.ts';
import { DRY_RUN, FORCE, RUN_FLAGS } from './flag-table.ts';

/** What looks into the state, mends it, and brings VMs into it or out of the way. */
export const STATE_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'state list',
    help: 'names of the recorded workers',
    flags: [],
    load: async () => (await import('./commands/state-list.ts')).runStateList,
  },
  {
    name: 'state show',
    args: '<W>',
    help: 'everything that is recorded about one worker',
    flags: [],
    load: async () => (await import('./commands/state-show.ts')).runStateShow,
  },
  {
    name: 'state mv',
    args: '<FROM> <TO>',
    help: 'give a recorded worker another name',
    flags: [DRY_RUN, { name: 'force', help: 'also one that is in use' }],
    load: async () => (await import('./commands/state-mv.ts')).runStateMv,
  },
  {
    name: 'state rm',
    args: '<W...>',
    help: 'forget workers; their VMs stay',
    flags: [DRY_RUN, { name: 'force', help: 'also one that is in use' }],
    load: async () => (await import('./commands/state-rm.ts')).runStateRm,
  },
  {
    name: 'state pull',
    help: 'print the whole state',
    flags: [],
    load: async () => (await import('./commands/state-pull.ts')).runStatePull,
  },
  {
    name: 'state push',
    args: '<FILE>',
    help: 'put a state from a file in its place',
    flags: [
      DRY_RUN,
      { name: 'force', help: 'also an older one, or one of another lineage or project' },
    ],
    load: async () => (await import('./commands/state-push.ts')).runStatePush,
  },
  {
    name: 'state unlock',
    args: '<ID>',
    help: 'end a dead run with its leases, or break a lock that was left',
    flags: [DRY_RUN, { name: 'force', help: 'also a run that seems to live' }],
    load: async () => (await import('./commands/state-unlock.ts')).runStateUnlock,
  },
  {
    name: 'state migrate',
    help: 'copy the state from its former place to where the declaration keeps it',
    flags: [
      { name: 'from', value: 'PLACE', help: 'the former place: a file, or an address' },
      DRY_RUN,
      { name: 'force', help: 'also over another state' },
    ],
    load: async () => (await import('./commands/state-migrate.ts')).runStateMigrate,
  },
  {
    name: 'state recover',
    help: 'rebuild a lost state from the marks of the VMs',
    flags: [
      { name: 'lineage', value: 'L', help: 'which state, where the VMs bear marks of several' },
      DRY_RUN,
    ],
    load: async () => (await import('./commands/state-recover.ts')).runStateRecover,
  },
  {
    name: 'force-unlock',
    args: '<ID>',
    help: 'the same as state unlock',
    flags: [DRY_RUN, { name: 'force', help: 'also a run that seems to live' }],
    load: async () => (await import('./commands/state-unlock.ts')).runStateUnlock,
  },
  {
    name: 'import',
    args: '<W> <VMID>',
    help: 'take in a VM that was made by hand, as this worker',
    flags: [
      { name: 'write', help: 'declare it as it is, in the YAML' },
      { name: 'auto-approve', help: 'do not ask' },
      DRY_RUN,
      { name: 'force', help: 'also while a run holds the worker' },
    ],
    load: async () => (await import('./commands/import.ts')).runImport,
  },
  {
    name: 'orphans',
    args: '[VMID...]',
    help: 'what bears our marks, or part of them, and no state knows; also stray disks and locks',
    flags: [
      { name: 'destroy', help: 'destroy these VMs, which must bear all marks' },
      ...RUN_FLAGS,
      FORCE,
    ],
    load: async () => (await import('./commands/orphans.ts')).runOrphans,
  },
];
