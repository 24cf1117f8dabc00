/** The arguments of `checks`: keywords with their values. */
export interface Question {
  limit: number;
  cores: number;
  memory: number;
  disk: number;
  now: number;
  gateway: string;
  names: string[];
  /** Names that only checks need which warn. */
  maybe: string[];
  pveApi?: { host: string; port: string };
  repositories: { name: string; host: string; port: string; fingerprint: string }[];
  source: string;
  proxy: string;
}

/** How many values follow each keyword. */
const VALUES: Readonly<Record<string, number>> = {
  within: 1,
  cores: 1,
  memory: 1,
  disk: 1,
  now: 1,
  gateway: 1,
  name: 1,
  maybe: 1,
  'pve-api': 2,
  repository: 4,
  source: 2,
};

/** The question, or the keyword that is not one. */
export function readQuestion(args: readonly string[]): Question | string {
  const question: Question = {
    limit: 5,
    cores: 0,
    memory: 0,
    disk: 0,
    now: 0,
    gateway: 'optional',
    names: [],
    maybe: [],
    repositories: [],
    source: 'none',
    proxy: '',
  };
  for (let at = 0; at < args.length; ) {
    const keyword = args[at] ?? '';
    const count = VALUES[keyword];
    if (count === undefined) return keyword;
    take(question, keyword, args.slice(at + 1, at + 1 + count));
    at += 1 + count;
  }
  return question;
}

function take(question: Question, keyword: string, values: readonly string[]): void {
  const [first = '', second = '', third = '', fourth = ''] = values;
  switch (keyword) {
    case 'within':
      question.limit = Number(first);
      return;
    case 'cores':
    case 'memory':
    case 'disk':
    case 'now':
      question[keyword] = Number(first);
      return;
    case 'gateway':
      question.gateway = first;
      return;
    case 'name':
      question.names.push(first);
      return;
    case 'maybe':
      question.maybe.push(first);
      return;
    case 'pve-api':
      question.pveApi = { host: first, port: second };
      return;
    case 'repository':
      question.repositories.push({ name: first, host: second, port: third, fingerprint: fourth });
      return;
    case 'source':
      question.source = first;
      question.proxy = second;
  }
}
