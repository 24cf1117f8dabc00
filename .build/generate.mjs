// Writes src/generated: validators compiled from schemas/, the type of a checked declaration, the schemas as
// text, and the guest's scripts. `--check` changes nothing and fails where a file differs.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';
import addFormats from 'ajv-formats';
import { build } from 'esbuild';
import { compile } from 'json-schema-to-typescript';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const OUT = join(ROOT, 'src/generated');
const SCHEMAS = ['declaration', 'state', 'plan', 'session'];
const NOTE = '// Written by .build/generate.mjs; not to be edited.\n';
/** What a schema says to people and not to the compiler. */
const NOTES = new Set(
  '$id title description examples default if then minItems maxItems patternProperties'.split(' '),
);
/** Where a field takes a number or a boolean, an editor accepts a variable too; see `withoutVariables`. */
const VARIABLE = '^\\$\\{var\\.[A-Za-z_][A-Za-z0-9_-]*\\}$';

const generated = await generate();
if (process.argv.includes('--check')) await check(generated);
else await save(generated);

async function generate() {
  const files = new Map();
  const texts = {};
  for (const name of SCHEMAS) {
    const text = await readFile(join(ROOT, `schemas/${name}.schema.json`), 'utf8');
    const schema = withoutVariables(JSON.parse(text));
    texts[name] = text;
    files.set(`validate-${name}.js`, await validator(name, schema));
    files.set(`validate-${name}.d.ts`, validatorTypes(name));
    if (name === 'declaration') files.set('declaration-document.ts', await documentTypes(schema));
  }
  files.set(
    'schemas.ts',
    constant('SCHEMAS', 'The published JSON Schemas as text, by name.', texts),
  );
  files.set('scripts.ts', constant('SCRIPTS', 'Guest scripts by name.', await guestScripts()));
  return files;
}

/** The schema that holds once variables are expanded: where a number was asked for, nothing but a number. */
function withoutVariables(node) {
  if (Array.isArray(node)) return node.map(withoutVariables);
  if (node === null || typeof node !== 'object') return node;
  const copy = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, withoutVariables(value)]),
  );
  if (copy.pattern !== VARIABLE || !Array.isArray(copy.type)) return copy;
  const { pattern: _, ...rest } = copy;
  const types = copy.type.filter((type) => type !== 'string');
  return { ...rest, type: types.length === 1 ? types[0] : types };
}

/** An ES module without imports that exports `validateName(value) → errors`, none when the value is valid. */
async function validator(name, schema) {
  const ajv = new Ajv.default({
    allErrors: true,
    discriminator: true,
    // Errors carry the schema around them: its words explain them.
    verbose: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    code: { source: true, esm: true, lines: false },
  });
  addFormats.default(ajv);
  ajv.addVocabulary(['x-noun', 'x-expected']);
  const code = standaloneCode.default(ajv, ajv.compile(schema));
  const entry = `${code}
    export function ${functionName(name)}(value) { return validate(value) ? [] : validate.errors; }`;
  const { outputFiles } = await build({
    stdin: {
      contents: entry.replace(
        /export const validate = (\w+);\s*export default \w+;/,
        'const validate = $1;',
      ),
      resolveDir: ROOT,
      loader: 'js',
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    minifyWhitespace: true,
    treeShaking: true,
    legalComments: 'none',
  });
  const text = outputFiles[0].text;
  // A quoted one is data of ajv's own.
  if (/[^'"`]\brequire\(/.test(text)) throw new Error(`validate-${name}.js still needs require`);
  return `${NOTE}${text}`;
}

function validatorTypes(name) {
  return `${NOTE}import type { SchemaError } from '../model/schema-error.ts';

/** Every mistake at once; none when the value is valid. */
export declare function ${functionName(name)}(value: unknown): readonly SchemaError[];
`;
}

async function documentTypes(schema) {
  const text = await compile(withoutNotes(schema), 'DeclarationDocument', {
    bannerComment: `${NOTE.trim()}\n/* What schemas/declaration.schema.json accepts, once variables are expanded. */`,
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    style: { singleQuote: true },
  });
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** The types need no prose: it stands in the schema. */
function withoutNotes(node, isMapOfSchemas = false) {
  if (Array.isArray(node)) return node.map((entry) => withoutNotes(entry));
  if (node === null || typeof node !== 'object') return node;
  const kept = Object.entries(node).filter(([key]) => isMapOfSchemas || !NOTES.has(key));
  return Object.fromEntries(
    kept.map(([key, value]) => [
      key,
      withoutNotes(value, !isMapOfSchemas && ['properties', 'definitions'].includes(key)),
    ]),
  );
}

async function guestScripts() {
  const folder = join(ROOT, 'src/guest/scripts');
  const names = existsSync(folder) ? (await readdir(folder)).sort() : [];
  const scripts = names.filter((name) => name.endsWith('.sh'));
  const texts = await Promise.all(scripts.map((name) => readFile(join(folder, name), 'utf8')));
  return Object.fromEntries(scripts.map((name, i) => [name.slice(0, -'.sh'.length), texts[i]]));
}

function constant(name, comment, texts) {
  const type = `Readonly<Record<${
    Object.keys(texts)
      .map((key) => JSON.stringify(key))
      .join(' | ') || 'string'
  }, string>>`;
  return `${NOTE}/** ${comment} */\nexport const ${name}: ${type} = ${JSON.stringify(texts, null, 2)};\n`;
}

function functionName(name) {
  return `validate${name[0].toUpperCase()}${name.slice(1)}`;
}

async function save(files) {
  await mkdir(OUT, { recursive: true });
  for (const stale of (await readdir(OUT)).filter((name) => !files.has(name)))
    await rm(join(OUT, stale));
  for (const [name, text] of files) await writeFile(join(OUT, name), text);
}

async function check(files) {
  const present = existsSync(OUT) ? await readdir(OUT) : [];
  const stale = present.filter((name) => !files.has(name));
  const differing = [];
  for (const [name, text] of files) {
    const old = present.includes(name) ? await readFile(join(OUT, name), 'utf8') : undefined;
    if (old !== text) differing.push(name);
  }
  if (stale.length + differing.length === 0) return;
  process.stderr.write(
    `src/generated is out of date: ${[...stale, ...differing].join(', ')}\nRun: node .build/generate.mjs\n`,
  );
  process.exitCode = 1;
}
