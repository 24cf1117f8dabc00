import type { Job } from '../report/markdown/plan-markdown.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The CI job that this runs in, for a link in reports. undefined outside of CI. */
export function jobOf(env: Env): Job | undefined {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, CI_JOB_URL, CI_JOB_ID } = env;
  if (GITHUB_SERVER_URL && GITHUB_REPOSITORY && GITHUB_RUN_ID) {
    const url = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`;
    return { name: `run ${GITHUB_RUN_ID}`, url };
  }
  return CI_JOB_URL && CI_JOB_ID ? { name: `job ${CI_JOB_ID}`, url: CI_JOB_URL } : undefined;
}
