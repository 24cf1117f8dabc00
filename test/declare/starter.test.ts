import { describe, expect, it } from 'vitest';
import { starterDeclaration } from '../../src/declare/starter.ts';
import { loadClean } from './project-files.ts';

describe('the starter declaration', () => {
  it('is valid as it is', async () => {
    const declaration = await loadClean(
      starterDeclaration({ project: 'backup', endpoint: 'simulator' }),
    );
    expect(declaration.cluster.endpoints).toEqual(['simulator']);
    expect(Object.keys(declaration.workerSets)).toEqual(['everywhere']);
  });

  it('is valid with everything in it that is commented out', async () => {
    const text = starterDeclaration({ project: 'backup', endpoint: 'simulator' });
    const keys = /^# (?=(repositories:|sessions:| {2}))/gm;
    const declaration = await loadClean(text.replace(keys, ''));
    expect(Object.keys(declaration.repositories)).toEqual(['pbs-main']);
    expect(declaration.sessions.nightly?.items).toHaveLength(1);
  });

  it('proposes one worker per node of a real cluster (W13)', async () => {
    const text = starterDeclaration({
      project: 'backup',
      endpoint: 'https://pve1.example.net:8006',
      fingerprint: Array(32).fill('AB').join(':'),
      nodes: ['pve1', 'on', '007'],
      template: 9000,
      storage: 'ceph',
      vmids: { from: 500, to: 599 },
    });
    const declaration = await loadClean(text);
    expect(Object.keys(declaration.workers)).toEqual(['backup-pve1', 'backup-on', 'backup-007']);
    expect(declaration.workers['backup-on']?.node).toBe('on');
    expect(declaration.workers['backup-007']?.node).toBe('007');
    expect(declaration.cluster).toMatchObject({
      vmids: { from: 500, to: 599 },
      tls: { fingerprints: [Array(32).fill('AB').join(':')] },
    });
  });
});
