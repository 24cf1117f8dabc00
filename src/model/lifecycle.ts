/** Where a worker is in its life (design section 2). Computed, never stored. */
export type Phase =
  | 'configured'
  | 'deploying'
  | 'shut-down'
  | 'starting'
  | 'testing'
  | 'patching'
  | 'working'
  | 'stopping'
  | 'removing';

export type PhaseEvent =
  | 'deploy'
  | 'deployed'
  | 'start'
  | 'ready'
  | 'passed'
  | 'patched'
  | 'rebooted'
  | 'failed'
  | 'finished'
  | 'stopped'
  | 'destroy'
  | 'destroyed';

/** The four words that users see. */
export type Status = 'Configured' | 'Testing' | 'Working' | 'Shut Down';

const TABLE: Readonly<Record<Phase, Partial<Record<PhaseEvent, Phase>>>> = {
  configured: { deploy: 'deploying' },
  deploying: { deployed: 'shut-down', failed: 'configured', destroy: 'removing' },
  'shut-down': { start: 'starting', destroy: 'removing' },
  starting: { ready: 'testing', failed: 'stopping', destroy: 'removing' },
  testing: { passed: 'patching', finished: 'stopping', failed: 'stopping', destroy: 'removing' },
  patching: {
    patched: 'working',
    rebooted: 'testing',
    finished: 'stopping',
    failed: 'stopping',
    destroy: 'removing',
  },
  working: { finished: 'stopping', failed: 'stopping', destroy: 'removing' },
  stopping: { stopped: 'shut-down', destroy: 'removing' },
  removing: { destroyed: 'configured', failed: 'removing' },
};

/** The phase after an event; undefined when the event can't happen in that phase. */
export function nextPhase(phase: Phase, event: PhaseEvent): Phase | undefined {
  return TABLE[phase][event];
}

export function statusOf(phase: Phase): Status {
  switch (phase) {
    case 'configured':
      return 'Configured';
    case 'deploying':
    case 'starting':
    case 'testing':
    case 'patching':
      return 'Testing';
    case 'working':
      return 'Working';
    case 'stopping':
    case 'shut-down':
    case 'removing':
      return 'Shut Down';
  }
}
