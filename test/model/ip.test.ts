import { describe, expect, it } from 'vitest';
import {
  canonicalCidr,
  canonicalIp,
  inNetwork,
  ipVersion,
  networksOverlap,
  notAHost,
  parseCidr,
} from '../../src/model/ip.ts';

describe('addresses', () => {
  it.each([
    ['10.20.0.31', '10.20.0.31'],
    ['8.8.8.8', '8.8.8.8'],
    ['192.168.0.1', '192.168.0.1'],
    ['10.0.0.1.2', undefined],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['010.0.0.1', undefined],
    ['0x0a000001', undefined],
    ['10.1', undefined],
    ['10.0.0.256', undefined],
    ['fe80::1%eth0', undefined],
    ['', undefined],
    ['pve1', undefined],
  ])('%s has the canonical form %s', (text, expected) => {
    expect(canonicalIp(text)).toBe(expected);
  });

  it('know their version', () => {
    expect([ipVersion('10.0.0.1'), ipVersion('::1'), ipVersion('x')]).toEqual([4, 6, undefined]);
  });
});

describe('networks', () => {
  it.each([
    '10.0.0.1',
    '10.0.0.1/33',
    '10.0.0.1/-1',
    '10.0.0.1/24/2',
    '::1/129',
    '10.0.0.1/2x',
    '10.0.0.1/x2',
    '10.0.0.1/',
    'vmbr0/24',
    '/24',
  ])('%s is not one', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it('are written in one way', () => {
    expect(canonicalCidr('2001:DB8::0031/64')).toBe('2001:db8::31/64');
    expect(canonicalCidr('2001:db8::1/128')).toBe('2001:db8::1/128');
    expect(canonicalCidr('10.0.0.1/32')).toBe('10.0.0.1/32');
    expect(canonicalCidr('0.0.0.0/0')).toBe('0.0.0.0/0');
  });

  it('hold the addresses that share their prefix', () => {
    expect(inNetwork('10.20.0.1', '10.20.0.31/24')).toBe(true);
    expect(inNetwork('10.20.1.1', '10.20.0.31/24')).toBe(false);
    expect(inNetwork('10.20.1.1', '10.20.0.31/16')).toBe(true);
    expect(inNetwork('2001:db8::1', '10.20.0.31/0')).toBe(false);
    expect(inNetwork('nonsense', '10.20.0.31/24')).toBe(false);
  });

  it('overlap when one holds the other', () => {
    expect(networksOverlap('10.0.0.0/8', '10.20.0.0/24')).toBe(true);
    expect(networksOverlap('10.20.0.0/24', '10.0.0.0/8')).toBe(true);
    expect(networksOverlap('10.20.0.0/24', '10.21.0.0/24')).toBe(false);
    expect(networksOverlap('10.21.0.0/24', '10.20.0.0/16')).toBe(false);
    expect(networksOverlap('10.20.0.0/16', '10.21.0.0/24')).toBe(false);
    expect(networksOverlap('::/0', '10.0.0.0/8')).toBe(false);
    expect(networksOverlap('10.0.0.0/8', 'vmbr0')).toBe(false);
    expect(networksOverlap('vmbr0', '10.0.0.0/8')).toBe(false);
    expect(networksOverlap('10.0.0.0/8', '10.0.0.1/8')).toBe(true);
  });

  it('have two addresses that no host may bear, but for the smallest', () => {
    expect(notAHost('10.20.0.0/24')).toBe('network');
    expect(notAHost('10.20.0.255/24')).toBe('broadcast');
    expect(notAHost('10.20.0.255/16')).toBeUndefined();
    expect(notAHost('10.20.0.0/31')).toBeUndefined();
    expect(notAHost('10.20.0.0/32')).toBeUndefined();
    expect(notAHost('2001:db8::/16')).toBeUndefined();
    expect(notAHost('vmbr0')).toBeUndefined();
  });
});
