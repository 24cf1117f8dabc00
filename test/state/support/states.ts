import { emptyState, type RunRecord, type State } from '../../../src/model/state.ts';
import { recordDeclared } from '../../../src/model/transitions.ts';
import { DEFAULT_PATCH, DEFAULT_TIMEOUTS, type WorkerSpec } from '../../../src/model/worker.ts';

export const LINEAGE = '5d0c77e1-6f0a-4c3e-9d57-1f2e3d4c5b6a';

export function workerSpec(overrides: Partial<WorkerSpec> = {}): WorkerSpec {
  return {
    node: 'pve1',
    enabled: true,
    slots: 4,
    image: 'debian-13',
    cpu: { cores: 6 },
    memory: 6 * 2 ** 30,
    disk: { size: 20 * 2 ** 30, sizeIsFloor: true },
    networks: [{ bridge: 'vmbr0', ipv4: 'dhcp' }],
    tags: [],
    labels: {},
    files: [],
    checks: [],
    deploy: 'onDemand',
    onImageChange: 'replace',
    protect: false,
    patch: DEFAULT_PATCH,
    timeouts: DEFAULT_TIMEOUTS,
    ...overrides,
  };
}

/** A state with these workers, Configured. */
export function stateWith(...workers: readonly string[]): State {
  return workers.reduce(
    (state, worker) => recordDeclared(state, worker, workerSpec()),
    emptyState(LINEAGE, 'backup', ''),
  );
}

export function runRecord(id: string, overrides: Partial<RunRecord> = {}): RunRecord {
  return {
    id,
    kind: 'apply',
    who: 'ci@runner-1',
    host: 'runner-1',
    pid: 812,
    beat: 1_000_000,
    startedAt: 1_000_000,
    ...overrides,
  };
}

/** A uuid that ends in that number. */
export function uuid(number: number): string {
  return `0b2f8a5e-1111-4222-8333-${String(number).padStart(12, '0')}`;
}
