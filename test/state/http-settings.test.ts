import { describe, expect, it } from 'vitest';
import { DiagnosticsError } from '../../src/model/diagnostic.ts';
import { type Env, httpSettings } from '../../src/state/http-settings.ts';

const ADDRESS = 'https://git.example.net/api/v4/projects/7/terraform/state/backup';

function settings(env: Env, options: Readonly<Record<string, string>> = {}, address = ADDRESS) {
  return httpSettings({ backend: 'http', address, options }, env);
}

function decoded(authorization: string | undefined): string {
  return Buffer.from((authorization ?? '').replace('Basic ', ''), 'base64').toString();
}

describe('the settings of an http state', () => {
  it('are those of Terraform where only the address is given: POST, and no locks', () => {
    const found = settings({});
    expect(found.updateMethod).toBe('POST');
    expect(found.lock).toBeUndefined();
    expect(found.authorization).toBeUndefined();
    expect(found.retry).toEqual({ max: 2, minMs: 1000, maxMs: 30_000 });
  });

  it('come from TF_HTTP_… that a GitLab job sets for this very state', () => {
    const found = settings({
      CI: 'true',
      TF_HTTP_ADDRESS: ADDRESS,
      TF_HTTP_LOCK_ADDRESS: `${ADDRESS}/lock`,
      TF_HTTP_LOCK_METHOD: 'POST',
      TF_HTTP_UNLOCK_ADDRESS: `${ADDRESS}/lock`,
      TF_HTTP_UNLOCK_METHOD: 'DELETE',
      TF_HTTP_USERNAME: 'gitlab-ci-token',
      TF_HTTP_PASSWORD: 'job',
      TF_HTTP_RETRY_WAIT_MIN: '5',
    });
    expect(found.lock).toMatchObject({ method: 'POST' });
    expect(found.unlock).toMatchObject({ method: 'DELETE' });
    expect(decoded(found.authorization)).toBe('gitlab-ci-token:job');
    expect(found.retry.minMs).toBe(5000);
  });

  it('leave alone what TF_HTTP_… says of another state', () => {
    const found = settings({
      TF_HTTP_ADDRESS: 'https://tf.example.net/other',
      TF_HTTP_LOCK_ADDRESS: 'https://tf.example.net/other/lock',
      TF_HTTP_PASSWORD: 'secret',
    });
    expect(found.address.href).toBe(ADDRESS);
    expect(found.lock).toBeUndefined();
    expect(found.authorization).toBeUndefined();
  });

  it('let MUSTER_HTTP_… win over the declaration, and a token over a password', () => {
    const found = settings(
      {
        MUSTER_HTTP_ADDRESS: 'https://a.example/s',
        MUSTER_HTTP_TOKEN: 't',
        MUSTER_HTTP_PASSWORD: 'p',
      },
      { username: 'ci', updateMethod: 'PUT' },
    );
    expect(found.address.href).toBe('https://a.example/s');
    expect(found.authorization).toBe('Bearer t');
    expect(found.updateMethod).toBe('PUT');
  });

  it.each([
    [{ CI: 'true' }, {}],
    [{ CI: 'true', TF_HTTP_ADDRESS: 'https://git.example.net/other' }, {}],
    [
      { CI: 'true', MUSTER_HTTP_ADDRESS: ADDRESS },
      { lockAddress: 'https://evil.example.net/lock' },
    ],
    [{ CI: 'true', MUSTER_HTTP_ADDRESS: ADDRESS }, { lockAddress: `${ADDRESS}-2` }],
    [
      { CI: 'true', MUSTER_HTTP_ADDRESS: ADDRESS },
      { lockAddress: `${ADDRESS}/lock`, unlockAddress: 'https://evil.example.net/' },
    ],
  ])('refuse under CI an address that only the YAML names: %j %j', (env, options) => {
    const password = { MUSTER_HTTP_PASSWORD: 'secret' };
    expect(() => settings({ ...env, ...password }, options)).toThrow(/stands only in the YAML/);
  });

  it('take under CI a lock address of the YAML that lies below the named one', () => {
    const env = { CI: 'true', MUSTER_HTTP_ADDRESS: ADDRESS };
    expect(settings(env, { lockAddress: `${ADDRESS}/lock` }).lock?.address.href).toBe(
      `${ADDRESS}/lock`,
    );
  });

  it('say which number makes no sense, without showing other settings', () => {
    expect(() => settings({ MUSTER_HTTP_RETRY_MAX: 'many' })).toThrow(/RETRY_MAX/);
  });

  it.each([
    [{ MUSTER_HTTP_TOKEN: 'se\u4e2dcret' }, /MUSTER_HTTP_TOKEN holds characters/],
    [{ TF_HTTP_LOCK_METHOD: 'LO CK' }, /"LO CK" is no HTTP method/],
    [{ MUSTER_HTTP_CLIENT_CERTIFICATE_PEM: '-----BEGIN CERTIFICATE-----' }, /only one is set/],
    [{ TF_HTTP_CLIENT_CA_CERTIFICATE_PEM: '/etc/ca.pem' }, /is no PEM text/],
  ])('are refused with words, and never shown, when they make no sense: %j', (env, why) => {
    const act = () => settings(env, { lockAddress: `${ADDRESS}/lock` });
    expect(act).toThrow(DiagnosticsError);
    expect(act).toThrow(why);
    expect(act).not.toThrow(/se\u4e2dcret/);
  });

  it('of an address that was typed, as the place to migrate from, ignore the addresses of the environment', () => {
    const env = {
      CI: 'true',
      MUSTER_HTTP_ADDRESS: 'https://new.example.net/s',
      MUSTER_HTTP_LOCK_ADDRESS: 'https://new.example.net/s/lock',
      MUSTER_HTTP_PASSWORD: 'p',
    };
    const found = httpSettings(
      { backend: 'http', address: ADDRESS, options: {}, typed: true },
      env,
    );
    expect(found.address.href).toBe(ADDRESS);
    expect(found.lock).toBeUndefined();
    // It is another server's password.
    expect(found.authorization).toBeUndefined();
    const same = { ...env, MUSTER_HTTP_ADDRESS: `${ADDRESS}-new` };
    const spec = { backend: 'http', address: ADDRESS, options: {}, typed: true } as const;
    expect(decoded(httpSettings(spec, same).authorization)).toBe(':p');
  });
});
