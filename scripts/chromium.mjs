/** The browser of the page's tests: finds it, and installs it where this user may. */
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
 * Sees to it that there is a Chromium.
 * @param {import('../supervisor/packages.mjs').Say} say
 * @returns {string | null} null when there is, else in one sentence what to do
 */
export function provideChromium(say) {
  if (findChromium()) return null;
  const problem = install(packages, say);
  if (findChromium()) return null;
  return `No Chromium was found, so the page's tests will fail. ${problem ?? ''} Or set CHROMIUM_PATH.`;
}
