import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatNamed } from '../../../replayer/reading/formats.ts';

/** Formats of devices and servers, which are recognised by their look alone under endings such as .log. */
const OWN = ['nmea', 'accesslog', 'influx', 'flux', 'owntracks', 'gtfs'];
const HEAD_BYTES = 65_536;
const folders = ['../../fixtures/formats', '../../fixtures/recordings', '../../../../shared/data'].map(
  (folder) => fileURLToPath(new URL(folder, import.meta.url)),
);

function filesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });
}

describe('Formats of devices and servers do not take files of others', () => {
  for (const folder of folders)
    it(basename(folder), function () {
      if (!existsSync(folder)) return this.skip();
      for (const path of filesIn(folder)) {
        const head = readFileSync(path).subarray(0, HEAD_BYTES).toString();
        for (const name of OWN)
          if (!basename(path).startsWith(`${name}.`))
            assert.equal(formatNamed(name).looksLike(head), false, `${name} takes ${path}`);
      }
    });
});
