import { DEFAULT_PATCH, DEFAULT_TIMEOUTS, type WorkerSpec } from '../../src/model/worker.ts';

/** An ordinary worker, with whatever a test changes. */
export function workerSpec(changes: Partial<WorkerSpec> = {}): WorkerSpec {
  return {
    node: 'pve1',
    enabled: true,
    slots: 4,
    image: 'debian-13',
    cpu: { cores: 6 },
    memory: 6 * 2 ** 30,
    disk: { size: 20 * 2 ** 30, sizeIsFloor: true },
    networks: [{ bridge: 'vmbr0', ipv4: { address: '192.168.2.58/24', gateway: '192.168.2.1' } }],
    tags: [],
    labels: {},
    files: [],
    checks: [],
    deploy: 'onDemand',
    onImageChange: 'replace',
    protect: false,
    patch: { ...DEFAULT_PATCH, policy: 'none' },
    timeouts: DEFAULT_TIMEOUTS,
    ...changes,
  };
}
