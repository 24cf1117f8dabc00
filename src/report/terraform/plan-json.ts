import type { Json } from '../../model/json.ts';
import type { Change, Plan, SavedPlan, WorkerPlan } from '../../model/plan.ts';
import { anythingToDo, hasDrift, strongest } from '../../model/plan-counts.ts';
import { jsonDocument } from '../escape/json.ts';
import { resourceActions } from './resource-actions.ts';
import { keysOf, withValue } from './with-value.ts';

type JsonObject = { readonly [key: string]: Json };

const TYPE = 'muster_worker';
/** Readers tell a plan by this member. It is the first version that wrote everything that stands here. */
const TERRAFORM_VERSION = '1.8.0';
const PROVIDER = 'registry.terraform.io/muster/muster';

/**
 * A plan as `terraform show -json` would print it (format 1.2), so that policies written for Terraform read it. Each
 * worker is one resource of type muster_worker. Attributes that no change names are taken as they are desired.
 */
export function terraformPlan(saved: SavedPlan): string {
  const { plan } = saved;
  const changes = plan.workers.map(resourceChange);
  const drifted = plan.workers.filter(hasDrift).map(resourceDrift);
  return jsonDocument({
    format_version: '1.2',
    terraform_version: TERRAFORM_VERSION,
    planned_values: {
      root_module: { resources: plan.workers.flatMap(plannedResource) },
    },
    ...(drifted.length === 0 ? {} : { resource_drift: drifted }),
    resource_changes: changes,
    output_changes: {},
    configuration: { root_module: {} },
    timestamp: new Date(saved.createdAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    applyable: anythingToDo(plan) && !isBlocked(plan),
    complete: plan.workers.every(({ held }) => held === undefined),
    errored: isBlocked(plan),
  });
}

function isBlocked(plan: Plan): boolean {
  return plan.refusals.length > 0 || plan.preflight.some(({ result }) => result === 'fail');
}

function resourceChange(worker: WorkerPlan): JsonObject {
  const actions = resourceActions(worker);
  const before = beforeOf(worker, ({ before: value }) => value);
  const isNoOp = actions.includes('no-op');
  const ends = actions.includes('forget') || (actions.includes('delete') && actions.length === 1);
  const starts = actions.includes('create') && actions.length === 1;
  const reason = reasonOf(worker);
  const { from } = worker;
  const forcing = actions.length > 1 ? replacePaths(worker) : [];
  return {
    ...addressOf(worker),
    ...(from === undefined ? {} : { previous_address: `${TYPE}.${from}` }),
    change: {
      actions,
      before: starts ? null : before,
      after: ends ? null : isNoOp ? before : afterOf(worker),
      after_unknown: starts && worker.vmid === undefined ? { vmid: true } : {},
      before_sensitive: starts ? false : {},
      after_sensitive: ends ? false : {},
      ...(forcing.length === 0 ? {} : { replace_paths: forcing }),
    },
    ...(reason === undefined ? {} : { action_reason: reason }),
  };
}

/** The attributes that can't be changed in place, as keys and indexes. */
function replacePaths({ changes }: WorkerPlan): readonly (readonly (string | number)[])[] {
  return changes.filter(({ cost }) => cost === 'rebuild').map(({ path }) => keysOf(path));
}

/** What was changed by others since the last apply. */
function resourceDrift(worker: WorkerPlan): JsonObject {
  const drifted = worker.changes.filter(({ causes }) => causes.includes('drift'));
  const only = { ...worker, changes: drifted };
  return {
    ...addressOf(worker),
    change: {
      actions: ['update'],
      before: beforeOf(only, ({ applied, after }) => applied ?? after),
      after: beforeOf(only, ({ before }) => before),
      after_unknown: {},
      before_sensitive: {},
      after_sensitive: {},
    },
  };
}

function plannedResource(worker: WorkerPlan): readonly JsonObject[] {
  const actions = resourceActions(worker);
  if (actions.includes('forget') || (actions.includes('delete') && actions.length === 1)) return [];
  const values = actions.includes('no-op')
    ? beforeOf(worker, ({ before }) => before)
    : afterOf(worker);
  return [{ ...addressOf(worker), schema_version: 1, values, sensitive_values: {} }];
}

function addressOf({ worker }: WorkerPlan): JsonObject {
  return {
    address: `${TYPE}.${worker}`,
    mode: 'managed',
    type: TYPE,
    name: worker,
    provider_name: PROVIDER,
  };
}

function afterOf(worker: WorkerPlan): JsonObject {
  return withChanges(worker, ({ after }) => after);
}

function beforeOf(worker: WorkerPlan, value: (change: Change) => Json): JsonObject {
  return { ...withChanges(worker, value), name: worker.from ?? worker.worker };
}

/** The desired entry, or what is known of the VM where there is none, with the changed attributes put into it. */
function withChanges(worker: WorkerPlan, value: (change: Change) => Json): JsonObject {
  const { node, vmid, desired, changes } = worker;
  const spec = desired === undefined ? {} : jsonObject(desired.spec);
  const known = { ...spec, name: worker.worker, node, ...(vmid === undefined ? {} : { vmid }) };
  return changes.reduce<JsonObject>(
    (object, change) => withValue(object, change.path, value(change)),
    known,
  );
}

/** Without undefined members, which JSON doesn't have. */
function jsonObject(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

function reasonOf(worker: WorkerPlan): string | undefined {
  const kind = worker.held === undefined ? strongest(worker.actions) : undefined;
  if (kind === 'destroy' && worker.reasons.includes('undeclared'))
    return 'delete_because_no_resource_config';
  if (kind !== 'replace') return undefined;
  return worker.reasons.includes('requested')
    ? 'replace_by_request'
    : 'replace_because_cannot_update';
}
