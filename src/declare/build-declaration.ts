import type {
  DeclarationDocument,
  Image,
  Repository,
  Worker,
} from '../generated/declaration-document.ts';
import type {
  ClusterSpec,
  Declaration,
  ImageSpec,
  RepositorySpec,
  StateSpec,
  TemplateRef,
  WorkerSetSpec,
} from '../model/declaration.ts';
import { buildSession } from './build-session.ts';
import { buildWorker } from './build-worker.ts';
import { compact, mapValues } from './compact.ts';
import type { Locator } from './locator.ts';
import { namedPath } from './named-paths.ts';
import { type Contents, contentName } from './read-contents.ts';
import { splitAddress } from './rules/repositories.ts';
import type { Path } from './source.ts';

export interface BuildInput {
  readonly document: DeclarationDocument;
  readonly environment: string;
  readonly contents: Contents;
  readonly locator: Locator;
}

/** A checked document as a Declaration. Only called without mistakes, so what the rules demand is there. */
export function buildDeclaration(input: BuildInput): Declaration {
  const { document, environment, contents, locator } = input;
  const worker = (fields: Worker | undefined, ...path: Path) =>
    buildWorker(fields ?? {}, (from, index) => {
      const { file } = locator.spot({ path: [...path, 'files', index, 'from'] }).source;
      return contents.byName.get(contentName(file, from));
    });
  const { forbid = [], ...guards } = document.guards ?? {};
  return compact({
    project: document.project ?? '',
    environment,
    requiredVersion: document.requiredVersion,
    cluster: buildCluster(document.cluster ?? {}, locator),
    state: buildState(document.state ?? {}, environment, locator),
    images: mapValues(document.images, buildImage),
    repositories: mapValues(document.repositories, buildRepository),
    defaults: worker(document.defaults, 'defaults'),
    workers: mapValues(document.workers, (fields, name) => worker(fields, 'workers', name)),
    workerSets: mapValues(document.workerSets, (set, name) => ({
      nodes: buildNodes(set.nodes),
      name: set.name ?? '',
      worker: worker(set.worker, 'workerSets', name, 'worker'),
      perNode: mapValues(set.perNode, (fields, node) =>
        worker(fields, 'workerSets', name, 'perNode', node),
      ),
    })),
    renamed: document.renamed ?? {},
    removed: document.removed ?? [],
    sessions: mapValues(document.sessions, buildSession),
    guards: { ...guards, forbid },
    contents: Object.fromEntries(
      [...contents.byName.values()].map(({ digest, base64 }) => [digest, base64]),
    ),
    locate: locator.location,
  });
}

function buildCluster(
  cluster: NonNullable<DeclarationDocument['cluster']>,
  locator: Locator,
): ClusterSpec {
  const { name, pool, endpoint = [], tls = {}, vmids = {}, limits = {} } = cluster;
  const ca = tls.ca && namedPath(locator, ['cluster', 'tls', 'ca'], tls.ca);
  return compact({
    name,
    endpoints: [endpoint].flat().map((url) => url.replace(/\/$/, '')),
    tls: compact({
      fingerprints: [tls.fingerprint ?? []].flat().map((text) => text.toUpperCase()),
      ca,
    }),
    vmids: { from: vmids.from ?? 0, to: vmids.to ?? 0 },
    pool,
    limits: {
      parallelism: limits.parallelism ?? 8,
      perNode: limits.perNode ?? 2,
      perStorage: limits.perStorage ?? 2,
    },
  });
}

function buildState(
  state: NonNullable<DeclarationDocument['state']>,
  environment: string,
  locator: Locator,
): StateSpec {
  const { backend = 'local', path, address = '', ...options } = state;
  if (backend === 'http') return { backend, address, options: compact(options) };
  const name = environment === '' ? 'muster.state.json' : `muster.${environment}.state.json`;
  return { backend, path: (path && namedPath(locator, ['state', 'path'], path)) ?? name };
}

function buildImage({
  template,
  clone = 'full',
  import: volume,
  url,
  checksum,
  storage,
}: Image): ImageSpec {
  if (template !== undefined) return { kind: 'template', template: buildTemplate(template), clone };
  if (volume !== undefined) return { kind: 'import', volume };
  const [algorithm = '', digits = ''] = (checksum ?? '').split(':');
  return {
    kind: 'url',
    url: url ?? '',
    checksum: `${algorithm}:${digits.toLowerCase()}`,
    storage: storage ?? '',
  };
}

function buildTemplate(template: NonNullable<Image['template']>): TemplateRef {
  if (typeof template === 'number') return { by: 'vmid', vmid: template };
  if (template.name !== undefined) return { by: 'name', name: template.name };
  return { by: 'node', perNode: template.perNode ?? {} };
}

function buildRepository({
  address = '',
  maxConcurrent,
  fingerprint,
  env = {},
}: Repository): RepositorySpec {
  const { host, port } = splitAddress(address) ?? { host: '', port: 0 };
  return compact({
    address,
    host,
    port,
    maxConcurrent,
    fingerprint: fingerprint?.toUpperCase(),
    env,
  });
}

function buildNodes(
  nodes: NonNullable<DeclarationDocument['workerSets']>[string]['nodes'],
): WorkerSetSpec['nodes'] {
  if (nodes === undefined || typeof nodes === 'string') return 'all';
  return Array.isArray(nodes) ? nodes : { except: nodes.except ?? [] };
}
