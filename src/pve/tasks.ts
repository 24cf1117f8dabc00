import type { Clock } from '../model/ports.ts';
import type { PveTasks, WaitOptions } from '../model/pve-port.ts';
import type { Caller } from './caller.ts';
import { nodeName, nodeOfTask, taskSegment } from './path-segment.ts';
import { readTaskList } from './task-answers.ts';
import { createTaskPoll, type TaskPoll } from './task-poll.ts';

/** More than one worker's life leaves; Proxmox' own default is 50. */
const LISTED = 200;

export function createTasks(call: Caller, clock: Clock): PveTasks {
  const polls = new Map<string, TaskPoll>();
  return {
    wait: (upid, options: WaitOptions) => {
      // One poll per task, however many wait for it.
      const known = polls.get(upid);
      if (known !== undefined) return known.join(options);
      const poll = createTaskPoll(upid, call, clock, () => {
        if (polls.get(upid) === poll) polls.delete(upid);
      });
      polls.set(upid, poll);
      return poll.join(options);
    },
    list: (node, vmid) => {
      const params = {
        source: 'all',
        limit: LISTED,
        ...(vmid === undefined ? {} : { vmid }),
      } as const;
      return call((api) => api.nodes.$(nodeName(node)).tasks.$get(params), readTaskList);
    },
    abort: (upid) =>
      call(
        (api) => api.nodes.$(nodeOfTask(upid)).tasks.$(taskSegment(upid)).$delete(),
        () => undefined,
      ),
  };
}
