import { isPlainMap } from '../merge-sources.ts';
import type { Mistake, Path } from '../source.ts';
import type { RuleContext } from './rule.ts';

/** What every declaration needs, the cluster's address, its ids, and where the state lives. */
export function clusterRule(context: RuleContext): readonly Mistake[] {
  return [
    ...requiredSections(context),
    ...endpointMistakes(context),
    ...idRangeMistakes(context),
    ...stateMistakes(context),
  ];
}

function requiredSections({ whole }: RuleContext): readonly Mistake[] {
  const { cluster, muster, project } = whole;
  const vmids = isPlainMap(cluster) ? cluster.vmids : undefined;
  return [
    ...(muster === undefined ? [missing('muster', [], 'Begin the file with: muster: 1')] : []),
    ...(project === undefined
      ? [missing('project', [], 'Add a line such as: project: backup')]
      : []),
    ...(vmids === undefined
      ? [
          missing(
            'cluster.vmids',
            ['cluster'],
            'Give new VMs a range of ids that nothing else uses, such as: vmids: { from: 9100, to: 9199 }',
          ),
        ]
      : []),
  ];
}

function missing(what: string, path: Path, remedy: string): Mistake {
  return {
    code: 'missing-key',
    message: `the declaration has no "${what}"`,
    at: [{ path, part: 'key' }],
    remedy,
  };
}

function endpointMistakes({ document }: RuleContext): readonly Mistake[] {
  const endpoint = document.cluster?.endpoint;
  if (endpoint === undefined || endpoint === 'simulator') return [];
  const path = ['cluster', 'endpoint'];
  if (typeof endpoint === 'string') return urlMistakes(endpoint, path);
  // The schema lets "simulator" stand alone only.
  return endpoint.flatMap((url, index) => urlMistakes(url, [...path, index]));
}

function urlMistakes(text: string, path: Path): readonly Mistake[] {
  const bad = (message: string, remedy: string): readonly Mistake[] => [
    { code: 'bad-endpoint', message, at: [{ path }], remedy },
  ];
  const url = parseUrl(text);
  if (url === undefined) return bad('this is not an address', 'Write it as https://HOST:8006.');
  if (url.username !== '' || url.password !== '')
    return bad("an endpoint can't hold a user or password", 'Give the token in MUSTER_PVE_TOKEN.');
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return bad('the token is sent over https only', `Write https://${url.host}.`);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    return bad('an endpoint is scheme, host and port only', `Write ${url.protocol}//${url.host}.`);
  return [];
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function idRangeMistakes({ document }: RuleContext): readonly Mistake[] {
  const { from, to } = document.cluster?.vmids ?? {};
  const path = ['cluster', 'vmids'];
  if (document.cluster?.vmids === undefined) return [];
  if (from === undefined || to === undefined)
    return [
      {
        code: 'missing-key',
        message: `cluster.vmids needs "${from === undefined ? 'from' : 'to'}"`,
        at: [{ path, part: 'key' }],
      },
    ];
  if (from <= to) return [];
  return [
    {
      code: 'bad-range',
      message: `the range of ids is empty: ${from} is more than ${to}`,
      at: [{ path }],
      remedy: 'Swap them.',
    },
  ];
}

/** Keys that only one backend has. */
const HTTP_KEYS = [
  'address',
  'lockAddress',
  'unlockAddress',
  'updateMethod',
  'lockMethod',
  'unlockMethod',
  'username',
] as const;

function stateMistakes({ document, whole }: RuleContext): readonly Mistake[] {
  const { state } = document;
  const written = whole.state;
  if (state === undefined || !isPlainMap(written)) return [];
  const backend = written.backend ?? 'local';
  if (backend === 'http') return httpMistakes(state, written);
  const foreign = HTTP_KEYS.filter((key) => state[key] !== undefined);
  return backend === 'local' ? foreign.map((key) => wrongBackend(key, 'http')) : [];
}

function httpMistakes(
  state: NonNullable<RuleContext['document']['state']>,
  written: Readonly<Record<string, unknown>>,
): readonly Mistake[] {
  const urls = (['address', 'lockAddress', 'unlockAddress'] as const).flatMap((key) =>
    state[key] === undefined ? [] : stateUrlMistakes(state[key], ['state', key]),
  );
  return [
    ...(state.path === undefined ? [] : [wrongBackend('path', 'local')]),
    ...(written.address === undefined
      ? [
          {
            code: 'missing-key',
            message: 'a state over http needs "address"',
            at: [{ path: ['state', 'backend'] }],
          },
        ]
      : []),
    ...urls,
  ];
}

function stateUrlMistakes(text: string, path: Path): readonly Mistake[] {
  const url = parseUrl(text);
  if (url === undefined)
    return [{ code: 'bad-address', message: 'this is not an address', at: [{ path }] }];
  if (url.username !== '' || url.password !== '')
    return [
      {
        code: 'bad-address',
        message: "an address can't hold a user or password",
        at: [{ path }],
        remedy: 'Use "username"; the password comes from the environment.',
      },
    ];
  if (url.protocol === 'https:' || isLoopback(url.hostname)) return [];
  return [
    {
      severity: 'warning',
      code: 'plain-http',
      message: 'the state and its password cross the network in the clear',
      at: [{ path }],
      remedy: 'Use https.',
    },
  ];
}

function wrongBackend(key: string, backend: string): Mistake {
  return {
    code: 'misplaced-key',
    message: `"${key}" belongs to the backend ${backend}`,
    at: [{ path: ['state', key], part: 'key' }],
    remedy: `Remove it, or set backend: ${backend}.`,
  };
}
