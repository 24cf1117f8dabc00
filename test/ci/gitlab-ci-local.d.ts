/** The one file of the package that is used: GitLab's published schema of `.gitlab-ci.yml`. */
declare module 'gitlab-ci-local/src/schema/schema.js' {
  export const schema: Readonly<Record<string, unknown>>;
}
