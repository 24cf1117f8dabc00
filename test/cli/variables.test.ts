import { describe, expect, it } from 'vitest';
import { openHouse } from '../support/house.ts';

const YAML = `muster: 1
project: p
cluster: { endpoint: simulator, vmids: { from: 9100, to: 9199 } }
images: { debian-13: { template: { name: debian-13 } } }
variables: { node: { default: pve1 } }
workers:
  w: { node: "\${var.node}", image: debian-13 }
`;

describe('variables', () => {
  const cases: readonly (readonly [string, string, readonly string[], Record<string, string>])[] = [
    ['the default', 'pve1', [], {}],
    ['the environment', 'pve2', [], { MUSTER_VAR_node: 'pve2' }],
    ['a file over the environment', 'pve3', ['--var-file', 'v'], { MUSTER_VAR_node: 'pve2' }],
    ['the command line over a file', 'pve2', ['-var-file=v', '-var', 'node=pve2'], {}],
  ];

  it.each(cases)('come from %s', async (_, node, flags, env) => {
    const files = { 'muster.yaml': YAML, v: '# who\n\nnode = "pve3"\n' };
    const { stdout, code } = await openHouse({ files, env }).muster('plan', ...flags);
    expect(stdout).toMatch(new RegExp(`w +configure +on ${node} `));
    expect(code).toBe(0);
  });

  it('that are given but not declared, or not written as name=value, are mistakes', async () => {
    const house = openHouse({ files: { 'muster.yaml': YAML, v: 'node pve3\n' } });
    const unknown = await house.muster('plan', '-var=nodee=pve2');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('"nodee"');
    expect((await house.muster('plan', '--var', 'node')).stderr).toContain('not name=value');
    const file = await house.muster('plan', '--var-file', 'v');
    expect(file.stderr).toContain('v:1:1');
    expect((await house.muster('plan', '--var-file', 'none')).stderr).toContain('no file none');
  });
});
