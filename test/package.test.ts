import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../src/version.ts';
import { buildCli, type RealCli, realProject, runReal } from './process/real-cli.ts';

const ROOT = join(import.meta.dirname, '..');

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

describe('the package', () => {
  let cli: RealCli;
  beforeAll(() => {
    cli = buildCli('package');
  });
  afterAll(() => cli.remove());

  it('has the version that the program prints', async () => {
    expect(VERSION).toBe(manifest.version);
    const project = realProject({});
    const told = await runReal(cli, ['version'], { cwd: project.root });
    project.remove();
    expect(told).toMatchObject({ code: 0, stdout: `muster ${manifest.version}\n`, stderr: '' });
  });

  it('names files that exist, and a program that a shell can start', () => {
    const kept = manifest.files.filter((path) => path !== 'dist');
    expect(kept.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(manifest.bin).toEqual({ muster: 'dist/main.js' });
    expect(readFileSync(cli.main, 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node');
    expect(statSync(cli.main).mode & 0o111).toBe(0o111);
  });

  it('needs at run time nothing but what its bundle does not hold', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(['fs-native-extensions']);
  });

  it('brings the licences of the libraries that its bundle holds', () => {
    const text = readFileSync(join(dirname(cli.main), 'licenses.txt'), 'utf8');
    const named = [...text.matchAll(/^(\S+) \d+\.\d+\.\d+$/gm)].map(([, name]) => name);
    expect(named).toEqual([
      ...['commander', 'diff', 'ipaddr.js', 'lowdb', 'picocolors', 'proxmox-api', 'yaml'],
    ]);
    expect(text).toContain('MIT License');
  });

  it('pins every dependency exactly', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('has a lockfile that names the optional parts for every system, so that npm ci works', () => {
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, { optionalDependencies?: object }>>;
    };
    const wanted = Object.values(lock.packages).flatMap((entry) =>
      Object.keys(entry.optionalDependencies ?? {}),
    );
    const known = new Set(
      Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, '')),
    );
    expect(wanted.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('README.md', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

  it('names only npm scripts that exist', () => {
    const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map((match) => match[1] ?? '');
    expect(named).toContain('demo');
    expect(named.filter((name) => manifest.scripts[name] === undefined)).toEqual([]);
  });
});
