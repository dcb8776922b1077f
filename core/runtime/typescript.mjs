/**
 * Lets a process import TypeScript. It only removes the types, and keeps the result for each version of a file under
 * node_modules/.cache. tsx can do more (CommonJS, path aliases, imports without endings), but it takes a third of a second
 * at the start of every process, and the first event has to be on the page within five seconds.
 *
 * It goes when Node 22.18 is the oldest supported version, which strips types itself; then esbuild and the `.mjs` files
 * that start threads go as well.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';

const modules = new URL('../../node_modules/', import.meta.url);
const cache = new URL('.cache/reprise/', modules);
/** Part of the cache key: another version may compile differently. */
const compiler = readFileSync(new URL('esbuild/package.json', modules));

/** After this call, this thread can import .ts files, and errors name their lines. */
export function runTypeScript() {
  register(import.meta.url);
  process.setSourceMapsEnabled(true);
}

/**
 * The hook that Node calls in a separate thread for each module.
 * @public
 * @type {import('node:module').LoadHook}
 */
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const text = readFileSync(fileURLToPath(url), 'utf8');
  return { format: 'module', source: await plain(text, url), shortCircuit: true };
}

/**
 * @param {string} text
 * @param {string} url
 */
async function plain(text, url) {
  // The URL is part of the key, because it is in the source map.
  const name = createHash('sha256').update(`${compiler}\0${url}\0${text}`).digest('hex');
  const kept = new URL(`${name}.js`, cache);
  try {
    return readFileSync(kept, 'utf8');
  } catch {
    const { transform } = await import('esbuild');
    const { code } = await transform(text, {
      loader: 'ts',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      sourcesContent: false,
      sourcefile: url,
    });
    keep(kept, code);
    return code;
  }
}

/**
 * Writes to the cache. If the folder is read-only, the next process compiles again.
 * @param {URL} path
 * @param {string} code
 */
function keep(path, code) {
  const partial = new URL(`${path.href}.${process.pid}`);
  try {
    mkdirSync(cache, { recursive: true });
    writeFileSync(partial, code);
    renameSync(partial, path);
  } catch {
    // A read-only folder.
  }
}
