import { describe, expect, it } from 'vitest';
import { normaliseArgv } from '../../src/cli/argv.ts';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { GLOBAL_FLAGS } from '../../src/cli/flag-table.ts';

function words(line: string): string {
  return normaliseArgv(line.split(' ')).words.join(' ');
}

describe('normaliseArgv', () => {
  it.each([
    ['plan -out=muster.plan', 'plan --out=muster.plan'],
    ['plan -out muster.plan', 'plan --out muster.plan'],
    ['plan -target=a --target=b -target c', 'plan --target=a --target=b --target c'],
    ['plan -refresh=false', 'plan --refresh=false'],
    ['apply -input=false -auto-approve', 'apply --input=false --auto-approve'],
    ['apply -auto-approve=true', 'apply --auto-approve'],
    ['apply -auto-approve=false', 'apply'],
    ['plan -var=site=north', 'plan --var=site=north'],
    ['-chdir=sub plan', '--chdir=sub plan'],
    ['-C sub -e production plan', '-C sub -e production plan'],
  ])('takes "%s" as "%s", as users of Terraform type it', (typed, taken) => {
    expect(words(typed)).toBe(taken);
  });

  it('leaves a value alone that looks like a flag', () => {
    expect(words('plan --out -target')).toBe('plan --out -target');
    expect(words('-e -out plan')).toBe('-e -out plan');
  });

  it('reads a flag as the command has it: --force takes a worker, or for the state nothing', () => {
    expect(words('state push -force=true x.json')).toBe('state push --force x.json');
    expect(words('-C dir state push -force -dry-run x.json')).toBe(
      '-C dir state push --force --dry-run x.json',
    );
    expect(words('apply -force w -test')).toBe('apply --force w --test');
  });

  it('leaves unknown flags to the parser, which suggests known ones', () => {
    expect(words('plan -ouT=x --nope')).toBe('plan -ouT=x --nope');
  });

  it('splits at the first --, and keeps everything behind it as it is', () => {
    const split = normaliseArgv(['apply', '-test', '--', '-out=x', '--', 'y']);
    expect(split.words).toEqual(['apply', '--test']);
    expect(split.rest).toEqual(['-out=x', '--', 'y']);
    expect(normaliseArgv(['plan']).rest).toBeUndefined();
  });
});

describe('the table of commands', () => {
  it('gives a flag of one name a value everywhere or nowhere, --force of state and import aside', () => {
    const isOfState = (name: string) =>
      name.startsWith('state ') || ['force-unlock', 'import'].includes(name);
    const commands = COMMANDS.map(({ name, flags }) =>
      isOfState(name) ? flags.filter((flag) => flag.name !== 'force') : flags,
    );
    const flags = [...GLOBAL_FLAGS, ...commands.flat()];
    const shapes = new Map<string, string>();
    for (const { name, value, repeat } of flags) {
      const shape = `${value === undefined ? 'flag' : 'value'} ${repeat === true}`;
      expect(shapes.get(name) ?? shape, name).toBe(shape);
      shapes.set(name, shape);
    }
  });
});
