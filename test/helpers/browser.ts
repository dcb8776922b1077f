import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { root } from '../../core/runtime/root.mjs';

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** What every browser of the tests is started with. */
export const BROWSER_ARGUMENTS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
];
/** The processor draws every pixel here: these flags mean fewer frames, each composed at a third of the cost. */
const SPARING = ['--force-prefers-reduced-motion', '--disable-gpu-compositing'];

/** The Chromium of this machine, or undefined. */
export const chromiumPath = [process.env['CHROMIUM_PATH'], ...PROGRAMS].find(
  (path) => path && existsSync(path),
);

/** A real Chromium without a window. `spares`: leaves as much of the processor as possible to other tests; benches do not use it. */
export function startBrowser({ spares = true } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath!,
    args: [...BROWSER_ARGUMENTS, ...(spares ? SPARING : [])],
  });
}

/** Saves a picture of the page in `.reprise/screenshots`, for people to look at. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = join(root, '.reprise', 'screenshots');
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
