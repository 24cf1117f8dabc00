/** True under a CI system, which all set CI. */
export function isCi(env: Readonly<Record<string, string | undefined>>): boolean {
  const text = env.CI?.trim() ?? '';
  return text !== '' && text !== 'false' && text !== '0';
}
