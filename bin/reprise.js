#!/usr/bin/env node
/**
 * The `reprise` command. Plain JavaScript that runs on any Node: says so if this one is too old, installs the
 * dependencies of a fresh clone, then hands over to replayer/cli/main.ts.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `Reprise needs Node 20.19 or newer; this is ${process.version}. See https://nodejs.org.\n`,
  );
  process.exit(1);
}

if (!existsSync(new URL('../node_modules/tsx', import.meta.url))) {
  process.stderr.write('Installing the dependencies (npm ci) …\n');
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}

const { register } = await import('tsx/esm/api');
register();
/** @type {typeof import('../replayer/cli/main.ts')} */
const { main } = await import(new URL('../replayer/cli/main.ts', import.meta.url).href);
const code = await main(process.argv, process.env['LOG_LEVEL'] === 'debug');
// Who failed or was asked wrongly may have left a connection open, which must not keep the terminal waiting.
if (code !== 0) process.exit(code);
