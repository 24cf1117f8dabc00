import { describe, expect, test } from 'vitest';
import { canonicalDuration, canonicalSize } from '../../src/model/quantity.ts';

describe('a size as people write it', () => {
  test.each([
    ['6144MiB', '6GiB'],
    ['6144 MiB ', '6GiB'],
    ['2048 GiB', '2TiB'],
    ['1536MiB', '1536MiB'],
    ['1.5GiB', '1536MiB'],
    ['2048KiB', '2MiB'],
    ['512B', '512B'],
    ['1024B', '1KiB'],
    ['1000B', '1000B'],
  ])('%j in binary units is %s', (text, canonical) => {
    expect(canonicalSize(text)).toBe(canonical);
  });

  test.each([
    ['100GB', '100GB'],
    ['1000 GB', '1TB'],
    ['100 GB  ', '100GB'],
    ['1500MB', '1500MB'],
    ['2000MB', '2GB'],
    ['1000kB', '1MB'],
    ['64KB', '64kB'],
    ['1.5kB', '1500B'],
  ])('%j stays decimal: %s', (text, canonical) => {
    expect(canonicalSize(text)).toBe(canonical);
  });

  test.each(['6', 'big', '0GiB', ''])('%j is none', (text) => {
    expect(canonicalSize(text)).toBeUndefined();
  });
});

describe('a duration as people write it', () => {
  test.each([
    ['60m', '1h'],
    ['90s', '90s'],
    ['90 s ', '90s'],
    ['1.5h', '90m'],
    ['24h', '24h'],
    ['1d', '1d'],
    ['1.5d', '36h'],
    ['2000ms', '2s'],
    ['1500ms', '1500ms'],
  ])('%j of one unit is %s', (text, canonical) => {
    expect(canonicalDuration(text)).toBe(canonical);
  });

  test.each([
    ['89m60s', '1h30m'],
    ['1h 30m', '1h30m'],
    ['1h60m', '2h'],
    ['23h60m', '24h'],
    ['1d24h', '2d'],
    ['1d1h1m1s1ms', '1d1h1m1s1ms'],
    ['59s1000ms', '1m'],
    ['100m30s', '1h40m30s'],
  ])('%j of several units is %s', (text, canonical) => {
    expect(canonicalDuration(text)).toBe(canonical);
  });

  test.each(['60', 'soon', '0s', '0h0m', ''])('%j is none', (text) => {
    expect(canonicalDuration(text)).toBeUndefined();
  });
});
