import { describe, expect, it } from 'vitest';
import { SIMULATOR_TOKEN } from '../../src/simulator/worlds.ts';
import { drive } from './driver.ts';

function send(method: string, path: string, body = '', type = 'application/x-www-form-urlencoded') {
  const driver = drive();
  const headers = { authorization: `PVEAPIToken=${SIMULATOR_TOKEN}`, 'content-type': type };
  const answer = driver.cluster.handle({ method, path, headers, body }, driver.now());
  if (answer.kind === 'dropped') throw new Error('dropped');
  return answer.response;
}

describe('on the wire', () => {
  it('bodies over half a megabyte are not read', () => {
    expect(send('POST', '/pools', `poolid=a&comment=${'x'.repeat(600_000)}`)).toMatchObject({
      status: 501,
      reason: 'for data too large',
    });
  });

  it('a DELETE has no body', () => {
    expect(send('DELETE', '/nodes/pve1/qemu/9000', 'purge=1')).toMatchObject({
      status: 501,
      reason: "Unexpected content for method 'DELETE'",
    });
  });

  it('other methods than four are not available', () => {
    for (const method of ['PATCH', 'HEAD', 'OPTIONS']) {
      expect(send(method, '/version')).toMatchObject({
        status: 501,
        reason: `method '${method}' not available`,
        body: '',
      });
    }
  });

  it('JSON is taken too, with real booleans and lists', () => {
    expect(
      send('PUT', '/nodes/pve1/qemu/9000/config', '{"onboot":true,"cores":3}', 'application/json')
        .status,
    ).toBe(200);
    expect(send('POST', '/pools', '{bad json', 'application/json').status).toBe(500);
    expect(send('POST', '/pools', 'poolid=x', 'text/plain')).toMatchObject({ status: 506 });
  });

  it('a form has no word for true', () => {
    const { status, body } = send('PUT', '/nodes/pve1/qemu/9000/config', 'onboot=true');
    expect(status).toBe(400);
    expect(JSON.parse(body).errors).toEqual({
      onboot: "type check ('boolean') failed - got 'true'",
    });
  });

  it('a broken escape in a path is an unknown path', () => {
    expect(send('GET', '/nodes/%E0%A4%A').status).toBe(501);
  });

  it('volumes may have slashes in their names, encoded or not', () => {
    for (const name of ['import/debian-13.qcow2', 'local%3Aimport%2Fdebian-13.qcow2']) {
      expect(send('GET', `/nodes/pve1/storage/local/content/${name}`).status).toBe(200);
    }
  });
});
