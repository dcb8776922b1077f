/** Finds the browser for tests of the page, or installs it if this user may. */
import { existsSync } from 'node:fs';
import { install, onPath } from '../supervisor/packages.mjs';

/** @type {import('../supervisor/packages.mjs').Packages} */
const packages = { apt: 'chromium', apk: 'chromium', dnf: 'chromium', brew: 'chromium' };
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** The path of a Chromium: CHROMIUM_PATH, else one on the PATH. Undefined if there is none. */
export function findChromium() {
  const given = process.env['CHROMIUM_PATH'];
  const programs = onPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable');
  return [given, ...programs, MAC].find((path) => path && existsSync(path));
}

/**
 * Installs a Chromium if there is none.
 * @param {import('../supervisor/packages.mjs').Say} say
 * @returns {string | null} null if there is one now, else one sentence about what to do
 */
export function provideChromium(say) {
  if (findChromium()) return null;
  const problem = install(packages, say);
  if (findChromium()) return null;
  return `No Chromium was found, so the page's tests will fail. ${problem ?? ''} Or set CHROMIUM_PATH.`;
}
