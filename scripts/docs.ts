/** Writes the generated references under docs/, and the list of endings that the API reads; with --check it only compares, and fails if they differ. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { commandLine } from './docs/command-line.ts';
import { configuration } from './docs/configuration.ts';
import { recordingEndings } from './docs/recording-endings.ts';
import { serviceReference } from './docs/service-reference.ts';

const pages: { [file: string]: string } = {
  '../backend/api/stores/recordings/recording-endings.json': recordingEndings(),
  'configuration.md': configuration(),
  'command-line.md': await commandLine(),
  'service-reference.md': await serviceReference(),
};

for (const [file, text] of Object.entries(pages)) {
  const target = fileURLToPath(new URL(`../docs/${file}`, import.meta.url));
  const pretty = await format(text, {
    parser: file.endsWith('.json') ? 'json' : 'markdown',
    printWidth: 110,
  });
  if (!process.argv.includes('--check')) writeFileSync(target, pretty);
  else if (readFileSync(target, 'utf8') !== pretty) {
    console.error(`docs/${file} does not match the code: run \`npm run docs\` and commit it.`);
    process.exitCode = 1;
  }
}
