#!/usr/bin/env node
/**
 * The `reprise` command. It is plain JavaScript that an old Node understands, so that it can report an old Node. It
 * installs the dependencies of a fresh clone, then starts cli/main.ts.
 */
import { existsSync } from 'node:fs';
import { installDependencies, nodeProblem } from '../supervisor/dependencies.mjs';

const compiler = new URL('../node_modules/esbuild', import.meta.url);
const problem =
  nodeProblem() ??
  (existsSync(compiler) ? null : installDependencies((line) => void process.stderr.write(`${line}\n`)));
if (problem) {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}

const { runTypeScript } = await import('../core/runtime/typescript.mjs');
runTypeScript();
/** @type {typeof import('../cli/main.ts')} */
const { main } = await import(new URL('../cli/main.ts', import.meta.url).href);
const code = await main(process.argv, process.env['LOG_LEVEL'] === 'debug');
// A command that failed may have left a connection open, which would keep the terminal waiting.
if (code !== 0) process.exit(code);
