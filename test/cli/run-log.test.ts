import { describe, expect, it } from 'vitest';
import { openRunLog } from '../../src/cli/run-log.ts';
import type { RunEvent } from '../../src/model/event.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const START: RunEvent = {
  kind: 'action-start',
  at: 0,
  worker: 'w1',
  action: 'deploy',
  message: 'deploy on pve1',
};
const STEP: RunEvent = {
  kind: 'step-done',
  at: 2000,
  worker: 'w1',
  action: 'deploy',
  step: 'clone',
  message: 'cloned',
};
const DONE: RunEvent = { kind: 'action-done', at: 3000, worker: 'w1', action: 'deploy', tookMs: 1 };

/** What a terminal shows after this output: text, line ends, "n lines up", "erase below". */
function screen(output: string): readonly string[] {
  const rows: string[] = [''];
  let row = 0;
  for (const part of output.split(/(\u001b\[\d+A|\u001b\[0J|\n)/)) {
    const up = /^\u001b\[(\d+)A$/.exec(part)?.[1];
    if (up !== undefined) row = Math.max(0, row - Number(up));
    else if (part === '\u001b[0J') rows.splice(row, rows.length, '');
    else if (part === '\n') {
      row += 1;
      rows[row] ??= '';
    } else rows[row] += part;
  }
  return rows;
}

function log(isTTY: boolean, json = false) {
  let text = '';
  const clock = virtualClock();
  const stdout = {
    write: (part: string) => {
      text += part;
    },
    isTTY,
    columns: 80,
  };
  return {
    clock,
    text: () => text,
    log: openRunLog({ stdout, clock, json, columns: { worker: 2 }, workers: [] }),
  };
}

describe('openRunLog', () => {
  it('on a terminal keeps what is finished above and draws what goes on anew below', async () => {
    const live = log(true);
    live.log.emit(START);
    await live.clock.sleep(1200);
    expect(screen(live.text())).toEqual(['  0:01  w1  deploy      deploy on pve1', '']);
    live.log.emit(STEP);
    expect(screen(live.text())).toEqual([
      '  0:02  w1  clone       cloned',
      '  0:01  w1  deploy      deploy on pve1',
      '',
    ]);
    live.log.emit(DONE);
    await live.log.end();
    expect(screen(live.text())).toEqual(['  0:02  w1  clone       cloned', '', '']);
  });

  it('in a pipe writes plain lines and never moves the cursor', async () => {
    const plain = log(false);
    for (const event of [START, STEP, DONE]) plain.log.emit(event);
    await plain.log.end();
    expect(plain.text()).toBe('  0:02  w1  clone       cloned\n\n');
  });

  it('for programs writes every event as one line of JSON', async () => {
    const json = log(false, true);
    for (const event of [START, STEP, DONE]) json.log.emit(event);
    await json.log.end();
    const types = json
      .text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type);
    expect(types).toEqual(['apply_start', 'apply_progress', 'apply_complete']);
  });

  it('for programs tells when, by the clock, and how long the action has been going on', async () => {
    const json = log(false, true);
    json.log.emit(START);
    await json.clock.sleep(2000);
    const later = new Date(json.clock.now()).toISOString();
    json.log.emit(STEP);
    const [first, second] = json
      .text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(Date.parse(second['@timestamp']) - Date.parse(first['@timestamp'])).toBe(2000);
    expect(second).toMatchObject({ '@timestamp': later, hook: { elapsed_seconds: 2 } });
  });
});
