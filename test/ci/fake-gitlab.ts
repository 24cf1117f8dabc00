import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What GitLab knows about the commit that was merged; jobs of a pipeline with what they left. */
export interface Merged {
  readonly requests: readonly { iid: number; state: string; target_branch: string }[];
  readonly pipeline: { readonly id: number; readonly project_id: number };
  readonly jobs: readonly { id: number; name: string; status: string; digest: string }[];
}

/** Merge request 5, merged, whose last pipeline left that digest. */
export function mergedWith(digest: string): Merged {
  return {
    requests: [
      { iid: 4, state: 'opened', target_branch: 'main' },
      { iid: 5, state: 'merged', target_branch: 'main' },
    ],
    pipeline: { id: 50, project_id: 7 },
    jobs: [
      { id: 500, name: 'format', status: 'success', digest: '' },
      { id: 501, name: 'plan', status: 'success', digest },
    ],
  };
}

export interface FakeGitlab {
  /** What CI_API_V4_URL is. */
  readonly api: string;
  close(): void;
}

export interface FakeGitlabOptions {
  /** Who may read merge requests. */
  readonly token: string;
  readonly known: () => Merged;
  /** Where a server keeps the state that is asked for here, in GitLab's way. */
  readonly state?: string;
}

const STATE = /\/projects\/7\/terraform\/state\/backup(\/lock)?(?=\?|$)/;

/** The few addresses of GitLab's API that the recipe asks, of project 7. */
export async function startGitlab(options: FakeGitlabOptions): Promise<FakeGitlab> {
  const server = createServer((request, response) => {
    const state = STATE.exec(request.url ?? '');
    if (state === null || options.state === undefined) return tell(request, response, options);
    const query = new URL(request.url ?? '', 'http://x').search;
    void passOn(request, response, `${options.state}${state[1] ?? ''}${query}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    api: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v4`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function tell(
  request: IncomingMessage,
  response: ServerResponse,
  { token, known }: FakeGitlabOptions,
): void {
  const { requests, pipeline, jobs } = known();
  const job = jobs.find(({ id }) => request.url?.endsWith(`/jobs/${id}/artifacts/muster.digest`));
  const answers: readonly (readonly [RegExp, unknown])[] = [
    [/\/commits\/[0-9a-z]+\/merge_requests$/, requests],
    [/\/merge_requests\/5$/, { iid: 5, head_pipeline: pipeline }],
    [new RegExp(`/pipelines/${pipeline.id}/jobs\\?per_page=100$`), jobs],
  ];
  const answer = answers.find(([path]) => path.test(request.url ?? ''))?.[1];
  const isOurs = request.url?.startsWith('/api/v4/projects/7/') === true;
  if (request.headers.authorization !== `Bearer ${token}`) response.writeHead(401).end();
  else if (isOurs && job !== undefined) response.end(job.digest);
  else if (isOurs && answer !== undefined) response.end(JSON.stringify(answer));
  else response.writeHead(404).end();
}

async function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  to: string,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { authorization = '', 'content-md5': md5 } = request.headers;
  const body = Buffer.concat(chunks);
  const answer = await fetch(to, {
    method: request.method ?? 'GET',
    headers: { authorization, ...(typeof md5 === 'string' ? { 'content-md5': md5 } : {}) },
    ...(body.length === 0 ? {} : { body }),
  });
  const kept = answer.headers.get('content-md5');
  response.writeHead(answer.status, kept === null ? {} : { 'content-md5': kept });
  response.end(Buffer.from(await answer.arrayBuffer()));
}
