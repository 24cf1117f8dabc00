// Prints the digest of the plan that was reviewed in the merge request that this commit came with: what the job
// "plan" of its last pipeline left. It stops, and says what to do, when there is none.
const { CI_API_V4_URL, CI_PROJECT_ID, CI_COMMIT_SHA, CI_COMMIT_BRANCH, MUSTER_GITLAB_TOKEN } =
  process.env;

const [request] = (await get(`repository/commits/${CI_COMMIT_SHA}/merge_requests`)).filter(
  ({ state, target_branch }) => state === 'merged' && target_branch === CI_COMMIT_BRANCH,
);
if (request === undefined)
  stop('This commit came without a merge request, so nobody reviewed its plan.');
const { head_pipeline: pipeline } = await get(`merge_requests/${request.iid}`);
const jobs =
  String(pipeline?.project_id) === CI_PROJECT_ID
    ? await get(`pipelines/${pipeline.id}/jobs?per_page=100`)
    : [];
const plan = jobs.find(({ name, status }) => name === 'plan' && status === 'success');
const artifact = plan && (await get(`jobs/${plan.id}/artifacts/muster.digest`));
const digest = artifact?.trim() ?? '';
if (!/^[0-9a-f]{16}$/.test(digest))
  stop(`Merge request !${request.iid} has no plan of its last pipeline that could be applied.`);
process.stdout.write(`${digest}\n`);

async function get(path) {
  const answer = await fetch(`${CI_API_V4_URL}/projects/${CI_PROJECT_ID}/${path}`, {
    headers: { Authorization: `Bearer ${MUSTER_GITLAB_TOKEN}` },
    signal: AbortSignal.timeout(30_000),
  });
  if (answer.ok) return path.endsWith('muster.digest') ? answer.text() : answer.json();
  return stop(`GitLab answered ${answer.status} to ${path}: see MUSTER_GITLAB_TOKEN.`);
}

function stop(why) {
  process.stderr.write(
    `${why} Plan and apply by hand:\n  muster plan --out muster.plan && muster apply muster.plan\n`,
  );
  process.exit(1);
}
