import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { StateLocked } from '../../../src/model/errors.ts';
import { openHttpStore } from '../../state/support/http.ts';
import { stateWith } from '../../state/support/states.ts';
import { type StateServer, specOf, startStateServer } from '../../support/state-server.ts';

const hasTerraform = spawnSync('terraform', ['version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'muster-terraform-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** One resource; while it is made, Terraform holds the lock until the file `go` is there. */
function project(server: StateServer): string {
  const wait = 'until [ -e go ]; do sleep 0.05; done';
  return `
terraform {
  backend "http" {
    address        = "${server.address.replace('/backup', '/terraform')}"
    lock_address   = "${server.lockAddress}"
    unlock_address = "${server.lockAddress}"
  }
}
resource "terraform_data" "one" {
  provisioner "local-exec" { command = "${wait}" }
}
`;
}

const env = { ...process.env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' };
const apply = ['apply', '-no-color', '-auto-approve', '-lock-timeout=0s'];

describe.skipIf(!hasTerraform)('Terraform and Muster on the lock of one server', () => {
  it('take turns: each refuses while the other holds it, and shows the holder (P14 P15)', {
    timeout: 120_000,
  }, async () => {
    const server = await startStateServer();
    writeFileSync(join(folder, 'main.tf'), project(server));
    const init = spawn('terraform', ['init', '-no-color', '-input=false'], { cwd: folder, env });
    expect(await once(init, 'close')).toEqual([0, null]);
    const store = await openHttpStore(specOf(server), { lockTimeoutMs: 0 });
    const first = { ...stateWith('a'), serial: 1 };
    let lock = '';
    server.failNext('POST', {
      kind: 'meanwhile',
      happens: () => {
        lock = server.lock() ?? '';
      },
    });
    const written = await store.write(first, 'none');
    expect(written.kind).toBe('written');

    server.setLock(JSON.parse(lock) as object);
    const refused = spawn('terraform', apply, { cwd: folder, env });
    let said = '';
    refused.stderr.on('data', (text) => {
      said += String(text);
    });
    expect((await once(refused, 'close'))[0]).not.toBe(0);
    expect(said).toContain('Error acquiring the state lock');
    // Of another holder Terraform shows the id only.
    expect(said).toMatch(/already locked:\s+ID=muster-/);
    server.setLock(undefined);

    const running = spawn('terraform', apply, { cwd: folder, env, stdio: 'ignore' });
    while (server.lock() === undefined) await new Promise((resolve) => setImmediate(resolve));
    const second = { ...stateWith('a', 'b'), serial: 2 };
    const based = (await store.read()).revision;
    const error = await store.write(second, based).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StateLocked);
    expect(String(error)).toContain('OperationTypeApply');
    writeFileSync(join(folder, 'go'), '');
    expect(await once(running, 'close')).toEqual([0, null]);
    expect((await store.write(second, based)).kind).toBe('written');
    await server.stop();
  });
});
