import { Lexer } from 'yaml';

const MAX_DEPTH = 100;

/**
 * Whether brackets nest, or one line opens blocks, more than a hundred times. The YAML library recurses per
 * level, and near the end of the stack V8 may abort the process when it compiles a regular expression: no error
 * could be caught. Ordinary files are only counted; the lexer decides where a count is high, because brackets in
 * texts don't nest.
 */
export function flowTooDeep(text: string): boolean {
  return mayBeDeep(text) && lexedDepth(text) > MAX_DEPTH;
}

function mayBeDeep(text: string): boolean {
  let open = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) open += 1;
    else if (code === 0x5d || code === 0x7d) open -= 1;
    if (open > MAX_DEPTH) return true;
  }
  return /(?:[-?:][ \t]+){100}/.test(text) || /^ {100}/m.test(text);
}

function lexedDepth(text: string): number {
  let flow = 0;
  let opened = 0;
  let deepest = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') flow += 1;
    else if (token === ']' || token === '}') flow -= 1;
    else if (token === '\n') opened = 0;
    else if (token === '-' || token === '?') opened += 1;
    // A line of structure that is indented by hundreds of spaces stands that deep at the most.
    else if (/^ {100,}$/.test(token)) opened = token.length;
    deepest = Math.max(deepest, flow + opened);
  }
  return deepest;
}
