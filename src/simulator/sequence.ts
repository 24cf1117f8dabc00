import { createHash } from 'node:crypto';
import type { World } from './world.ts';

/** Numbers and identifiers that a real cluster would draw at random; here the world's seed decides. */

function draw(world: World): Buffer {
  world.counter += 1;
  return createHash('sha256').update(`${world.seed}:${world.counter}`).digest();
}

export function nextNumber(world: World): number {
  world.counter += 1;
  return world.counter;
}

/** From 0 up to 1. */
export function randomFraction(world: World): number {
  return draw(world).readUInt32BE(0) / 0x1_0000_0000;
}

export function randomUuid(world: World): string {
  const bytes = draw(world).subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

/** In Proxmox' own prefix, as PVE draws them. */
export function randomMac(world: World): string {
  const tail = draw(world).subarray(0, 3);
  return `BC:24:11:${[...tail].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`.toUpperCase();
}

export function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
