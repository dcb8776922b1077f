import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { root } from '../../core/config.ts';

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
  // Frames between one event and the next are drawn by the processor here.
  '--force-prefers-reduced-motion',
];

/** The Chromium of this machine, or undefined. */
export const chromiumPath = [process.env['CHROMIUM_PATH'], ...PROGRAMS].find(
  (path) => path && existsSync(path),
);

/** A real Chromium without a window. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath!, args: ARGUMENTS });
}

/** Keeps a picture of the page in `.reprise/screenshots`, to be looked at. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = join(root, '.reprise', 'screenshots');
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
