import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { powerOff } from '../../src/simulator/by-hand.ts';
import { type House, openHouse, type Told } from '../support/house.ts';
import { startStateServer } from '../support/state-server.ts';

function example(name: string): string {
  return readFileSync(join(import.meta.dirname, '../../examples', name, 'muster.yaml'), 'utf8');
}

/** The commands in the example's head, in order, each with its words. */
function commandsOf(yaml: string): readonly (readonly string[])[] {
  return [...yaml.matchAll(/^# {6}(muster .*?)(?: {2,}.*)?$/gm)].map(([, words = '']) =>
    words.split(' ').slice(1),
  );
}

async function run(house: House, words: readonly string[]): Promise<Told> {
  return house.muster(...words, ...(words[0] === 'import' ? ['--auto-approve'] : []));
}

it('the example of a lost state goes as its comments say (P37 P47)', async () => {
  const yaml = example('state-recover');
  const house = openHouse({ files: { 'muster.yaml': yaml } });
  const told: string[] = [];
  for (const [index, words] of commandsOf(yaml).entries()) {
    if (index === 1) rmSync(join(house.root, 'muster.state.json'));
    const { code, stdout, stderr } = await run(house, words);
    told.push(`${code} ${stdout}${stderr}`);
  }
  expect(told).toEqual([
    expect.stringMatching(/^0 [\s\S]*2 deployed/),
    expect.stringMatching(/^1 [\s\S]*muster state recover/),
    expect.stringMatching(/^0 [\s\S]*Would recover 2 workers/),
    expect.stringMatching(/^0 [\s\S]*Recovered 2 workers/),
    expect.stringMatching(/^0 [\s\S]*nothing to do/),
    expect.stringMatching(/^0 Nothing is left over/),
  ]);
});

it('the example of an import goes as its comments say (P38)', async () => {
  const yaml = example('import-vm');
  const house = openHouse({ files: { 'muster.yaml': yaml } });
  powerOff(house.cluster.world, 105);
  const told: string[] = [];
  for (const words of commandsOf(yaml)) {
    const { code, stdout, stderr } = await run(house, words);
    told.push(`${code} ${stdout}${stderr}`);
  }
  expect(told).toEqual([
    expect.stringMatching(/^0 Import vm 105[\s\S]*Nothing was written/),
    expect.stringMatching(/^0 Import vm 105[\s\S]*Imported\./),
    expect.stringMatching(/^0 [\s\S]*0 to destroy, 0 to replace/),
  ]);
});

it('the example of a move goes as its comments say: lineage stays, the next plan is empty', async () => {
  const server = await startStateServer();
  const yaml = example('state-move');
  const env = {
    MUSTER_HTTP_ADDRESS: server.address,
    MUSTER_HTTP_LOCK_ADDRESS: server.lockAddress,
  };
  const house = openHouse({
    files: { 'muster.yaml': yaml.replace(/^state:.*\n( .*\n)+/m, '') },
    env,
  });
  await house.muster('apply', '--auto-approve');
  const { lineage } = house.state();
  house.write('muster.yaml', yaml);
  const told: string[] = [];
  for (const words of commandsOf(yaml)) {
    const { code, stdout, stderr } = await run(house, words);
    told.push(`${code} ${stdout}${stderr}`);
  }
  expect(told).toEqual([
    expect.stringMatching(/^0 would copy: 1 worker/),
    expect.stringMatching(/^0 copied: 1 worker/),
    expect.stringMatching(/^0 [\s\S]*nothing to do/),
  ]);
  expect(JSON.parse(server.stored() ?? '{}')).toMatchObject({ lineage });
  await server.stop();
});
