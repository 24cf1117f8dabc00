import { authenticate, type Caller, demandDeclared, nobody } from './access.ts';
import type { Ctx, Reply } from './api/context.ts';
import { ApiError, invalid } from './api-error.ts';
import { applyChange } from './by-hand.ts';
import type { SimAnswer, SimRequest, SimResponse } from './protocol.ts';
import { decoded, type ParsedRequest, parseRequest } from './request.ts';
import { findRoute, type Route } from './routes.ts';
import { verifyParameters } from './schema/verify.ts';
import type { FaultEffect, World } from './world.ts';

const JSON_TYPE = 'application/json;charset=UTF-8';
/** Until another node is found not to answer. */
const NO_ROUTE_MS = 3000;
const KEEP_JOURNAL = 5000;

/** One request, answered from the world as it is now. */
export function handleRequest(world: World, request: SimRequest): SimAnswer {
  const fault = matchingFault(world, request);
  if (fault?.kind === 'first') applyChange(world, fault.change);
  if (fault?.kind === 'drop-before') return { kind: 'dropped', afterMs: 5 };
  if (fault?.kind === 'fail') {
    return answer(world, new ApiError(fault.status, fault.reason));
  }
  const outcome = carryOut(world, request, fault);
  const extra = fault?.kind === 'delay' ? fault.ms : 0;
  if (fault?.kind === 'do-then-drop') return { kind: 'dropped', afterMs: outcome.afterMs + extra };
  if (fault?.kind === 'do-then-fail')
    return answer(world, new ApiError(fault.status, fault.reason));
  return { ...outcome, afterMs: outcome.afterMs + extra };
}

function matchingFault(world: World, request: SimRequest): FaultEffect | undefined {
  if (world.faults.length === 0) return undefined;
  const path = decoded(request.path.split('?')[0] ?? '');
  for (const armed of world.faults) {
    if (armed.match.method !== request.method || !new RegExp(armed.match.path).test(path)) continue;
    armed.match.left -= 1;
    if (armed.match.left > 0) continue;
    world.faults = world.faults.filter((entry) => entry !== armed);
    return armed.effect;
  }
  return undefined;
}

function carryOut(world: World, request: SimRequest, fault: FaultEffect | undefined): SimAnswer {
  try {
    const parsed = parseRequest(request);
    const open = parsed.method === 'POST' && parsed.path === '/access/ticket';
    const caller = open ? nobody : authenticate(world, request.headers, request.method);
    const route = findRoute(parsed.method, parsed.parts);
    if (route === undefined) {
      throw new ApiError(501, `Method '${parsed.method} ${parsed.path}' not implemented`);
    }
    return answer(world, dispatch(world, caller, parsed, route, fault));
  } catch (error) {
    if (error instanceof ApiError) return answer(world, error);
    throw error;
  }
}

/** Privileges, the node that the path names, parameters, the work itself: in PVE's order. */
function dispatch(
  world: World,
  caller: Caller,
  parsed: ParsedRequest,
  route: Route,
  fault: FaultEffect | undefined,
): Reply {
  const params = { ...parsed.params, ...route.params };
  demandDeclared(world, caller, route.rule.check, params);
  const node = reachNode(world, route.params.node);
  const { method, path } = parsed;
  const errors = verifyParameters(params, route.ruleOf, route.rule.parameters);
  if (Object.keys(errors).length > 0) throw invalid(errors);
  const ctx: Ctx = {
    world,
    caller,
    nowMs: world.nowMs,
    node,
    params,
    taskFault: fault,
    started: [],
  };
  const result = route.handler(ctx);
  if (method !== 'GET' && !path.startsWith('/access/')) {
    const upid = ctx.started[0]?.upid;
    world.journal.push({
      atMs: world.nowMs,
      user: caller.auth,
      method,
      path,
      params: withoutSecrets(parsed.params),
      status: 200,
      ...(route.params.node === undefined ? {} : { node: route.params.node }),
      ...(params.vmid === undefined ? {} : { vmid: Number(params.vmid) }),
      ...(upid === undefined ? {} : { upid }),
    });
    if (world.journal.length > KEEP_JOURNAL) world.journal.splice(0, KEEP_JOURNAL / 2);
  }
  return result;
}

/** What a guest is given on standard input, and passwords, stand in no journal. */
function withoutSecrets(params: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([key, value]) => [
      key,
      /^(?:input-data|cipassword|password)$/.test(key) ? `(${value.length} characters)` : value,
    ]),
  );
}

/** The node that is asked answers for others too, while they can be reached. */
function reachNode(world: World, name: string | undefined): string {
  if (name === undefined || name === 'localhost') return localNode(world);
  const node = world.nodes[name];
  if (node === undefined) {
    throw new ApiError(
      500,
      `hostname lookup '${name}' failed - failed to get address info for: ${name}: Name or service not known`,
    );
  }
  if (node.status === 'offline') {
    const afterMs = node.offlineText === 'Connection refused' ? 10 : NO_ROUTE_MS;
    throw new ApiError(595, node.offlineText, { afterMs, bare: true });
  }
  return name;
}

function localNode(world: World): string {
  const nodes = Object.values(world.nodes);
  return (nodes.find((node) => node.status === 'online') ?? nodes[0])?.name ?? 'localhost';
}

function answer(world: World, outcome: Reply | ApiError): SimAnswer {
  const afterMs = Math.round(world.durations.requestMs + (outcome.afterMs ?? 0));
  const response = outcome instanceof ApiError ? failure(outcome) : success(outcome);
  const date = new Date(world.nowMs + afterMs).toUTCString();
  return {
    kind: 'answer',
    afterMs,
    response: { ...response, headers: { ...response.headers, date } },
  };
}

function success(reply: Reply): SimResponse {
  const { data, total } = reply;
  const body = JSON.stringify(total === undefined ? { data } : { data, total });
  return { status: 200, reason: 'OK', headers: { 'content-type': JSON_TYPE }, body };
}

function failure(error: ApiError): SimResponse {
  const reason = error.message;
  const base = { status: error.status, reason };
  if (error.bare) return { ...base, headers: {}, body: '' };
  /** Only a missing method is said without a line's end. */
  const message = error.status === 501 ? reason : `${reason}\n`;
  const body = JSON.stringify({
    data: null,
    message,
    ...(error.errors === undefined ? {} : { errors: error.errors }),
  });
  return { ...base, headers: { 'content-type': JSON_TYPE }, body };
}
