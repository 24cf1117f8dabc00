import { GuestError, WaitTimeout } from '../model/errors.ts';
import { canonicalIp } from '../model/ip.ts';
import type { CheckResult } from '../model/state.ts';
import type { CheckSpec } from '../model/worker.ts';
import { agentTrouble } from './agent-trouble.ts';
import { type CheckQuestion, checkArguments, expectedIds } from './check-arguments.ts';
import { outputLines, wholeNumber } from './output-lines.ts';
import { runScript } from './run-script.ts';
import type { GuestTarget } from './target.ts';

export type { CheckQuestion } from './check-arguments.ts';

const NOT_RUN = 'not run';

/**
 * Tests a launched guest: `agent`, `address`, the built-in checks (one script call), then the declared ones,
 * one call each. Stops at the first that fails; those behind it are `skip`, "not run". What a guest answers is
 * a result and never an exception; Fenced, an abort and errors of the API itself are thrown.
 */
export async function runChecks(
  target: GuestTarget,
  question: CheckQuestion,
): Promise<readonly CheckResult[]> {
  const { clock } = target;
  const end = clock.monotonic() + question.timeout;
  const left = () => Math.max(1_000, end - clock.monotonic());
  const results: CheckResult[] = [];
  const failed = () => results.some(({ result }) => result === 'fail');
  results.push(await checkAgent(target));
  results.push(failed() ? skipped('address') : await checkAddress(target, question));
  results.push(
    ...(failed()
      ? expectedIds(question).map(skipped)
      : await builtInChecks(target, question, left())),
  );
  for (const check of question.spec.checks)
    results.push(failed() ? skipped(check.name) : await declaredCheck(target, check, left()));
  return results;
}

function skipped(id: string): CheckResult {
  return { id, result: 'skip', ms: 0, seen: NOT_RUN };
}

async function checkAgent(target: GuestTarget): Promise<CheckResult> {
  return timed(target, 'agent', async () => {
    await target.agent.ping(target.node, target.vmid);
    return { result: 'pass', seen: 'answers' };
  });
}

async function checkAddress(target: GuestTarget, question: CheckQuestion): Promise<CheckResult> {
  return timed(target, 'address', async () => {
    const seen = await target.agent.addresses(target.node, target.vmid);
    const known = new Set(seen.map((address) => canonicalIp(address) ?? address));
    const missing = declaredAddresses(question).filter((address) => !known.has(address));
    const words = seen.length === 0 ? 'no address' : seen.join(', ');
    if (missing.length > 0)
      return {
        result: 'fail',
        seen: `${words}; declared and missing: ${missing.join(', ')}`,
        hint: 'the image did not take its network settings from cloud-init',
      };
    if (seen.length === 0 && question.spec.networks.length > 0)
      return {
        result: 'fail',
        seen: words,
        hint: 'DHCP gave no address: look at the bridge, the VLAN and the lease range',
      };
    return { result: 'pass', seen: words };
  });
}

function declaredAddresses({ spec }: CheckQuestion): readonly string[] {
  return spec.networks.flatMap(({ ipv4, ipv6 }) =>
    [ipv4, ipv6].flatMap((ip) => (typeof ip === 'object' ? [hostOf(ip.address)] : [])),
  );
}

function hostOf(cidr: string): string {
  const address = cidr.split('/')[0] ?? '';
  return canonicalIp(address) ?? address;
}

async function builtInChecks(
  target: GuestTarget,
  question: CheckQuestion,
  timeout: number,
): Promise<readonly CheckResult[]> {
  const ids = expectedIds(question);
  let text: string;
  try {
    text = await runScript(target, 'checks', checkArguments(question), { timeout });
  } catch (error) {
    const [first = 'resources', ...rest] = ids;
    return [await failureOf(first, error), ...rest.map(skipped)];
  }
  const answers = new Map(
    outputLines(text).flatMap((line) => (line[0] === 'check' ? [[line[1] ?? '', line]] : [])),
  );
  return inOrder(ids, answers);
}

/** Answers in the expected order; what the script did not come to is a failure once, then "not run". */
function inOrder(
  ids: readonly string[],
  answers: ReadonlyMap<string, readonly string[]>,
): readonly CheckResult[] {
  let stopped = false;
  return ids.map((id) => {
    const answer = answers.get(id);
    if (answer !== undefined) {
      const result = parseCheck(id, answer);
      stopped ||= result.result === 'fail';
      return result;
    }
    if (stopped) return skipped(id);
    stopped = true;
    return { id, result: 'fail', ms: 0, seen: 'the answer of the guest ended before this check' };
  });
}

function parseCheck(id: string, line: readonly string[]): CheckResult {
  const [, , word, ms, seen = '', hint = ''] = line;
  const result = word === 'pass' || word === 'warn' || word === 'skip' ? word : 'fail';
  return { id, result, ms: wholeNumber(ms) ?? 0, seen, ...(hint === '' ? {} : { hint }) };
}

async function declaredCheck(
  target: GuestTarget,
  check: CheckSpec,
  left: number,
): Promise<CheckResult> {
  return timed(target, check.name, async () => {
    const allowed = Math.min(check.timeout, left);
    const args = [String(Math.max(1, Math.ceil(allowed / 1000))), ...check.run];
    const text = await runScript(target, 'check', args, { timeout: allowed + 15_000 });
    const line = outputLines(text).find(([kind]) => kind === 'check');
    const [, exit = '?', how = '', last = ''] = line ?? [];
    if (exit === '0') return { result: 'pass', seen: last === '' ? 'exit 0' : last };
    const end = how === 'timeout' ? `no end within ${args[0]} s` : `exit ${exit}`;
    return {
      result: 'fail',
      seen: last === '' ? end : `${end}: ${last}`,
      ...(exit === '127' ? { hint: `the guest has no program ${check.run[0] ?? ''}` } : {}),
    };
  });
}

async function timed(
  target: GuestTarget,
  id: string,
  run: () => Promise<Omit<CheckResult, 'id' | 'ms'>>,
): Promise<CheckResult> {
  const begin = target.clock.monotonic();
  const ms = () => Math.round(target.clock.monotonic() - begin);
  try {
    return { id, ms: ms(), ...(await run()) };
  } catch (error) {
    return { ...(await failureOf(id, error)), ms: ms() };
  }
}

/** A failure inside the guest as a result; anything else is thrown on. */
async function failureOf(id: string, error: unknown): Promise<CheckResult> {
  const inside =
    error instanceof GuestError ||
    error instanceof WaitTimeout ||
    agentTrouble(error) !== undefined;
  if (!inside || !(error instanceof Error)) throw error;
  return { id, result: 'fail', ms: 0, seen: error.message };
}
