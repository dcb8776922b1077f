import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { root } from '../../core/runtime/root.mjs';

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
];
/** Every pixel is drawn by the processor here: fewer frames, and each put together at a third of the cost. */
const SPARING = ['--force-prefers-reduced-motion', '--disable-gpu-compositing'];

/** The Chromium of this machine, or undefined. */
export const chromiumPath = [process.env['CHROMIUM_PATH'], ...PROGRAMS].find(
  (path) => path && existsSync(path),
);

/** A real Chromium without a window. `spares`: leaves as much of the processor as it can to what else runs; a bench takes it as it is. */
export function startBrowser({ spares = true } = {}): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath!, args: [...ARGUMENTS, ...(spares ? SPARING : [])] });
}

/** Keeps a picture of the page in `.reprise/screenshots`, to be looked at. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = join(root, '.reprise', 'screenshots');
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
