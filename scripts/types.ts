/** Writes schemas/types.ts from the schema files; with --check it only compares, and fails if they differ. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { schemas } from '../schemas/index.ts';

const target = fileURLToPath(new URL('../schemas/types.ts', import.meta.url));
const banner = '// Generated from the JSON Schemas beside this file by `npm run types`. Do not edit.\n';

const all: JSONSchema = {
  $id: 'reprise:/all',
  title: 'Schemas',
  type: 'object',
  properties: Object.fromEntries(
    [...schemas].map(([name, schema]) => [name, { $ref: schema['$id'] as string }]),
  ),
  additionalProperties: false,
};

const resolver = {
  order: 1,
  canRead: /^reprise:/,
  read: (file: { url: string }) =>
    JSON.stringify(
      schemas.get(
        decodeURI(file.url)
          .replace(/^reprise:\//, '')
          .replace(/#.*$/, ''),
      ),
    ),
};

const text =
  banner +
  (await compile(all, 'Schemas', {
    bannerComment: '',
    unknownAny: true,
    ignoreMinAndMaxItems: true,
    unreachableDefinitions: true,
    style: { singleQuote: true, printWidth: 110 },
    $refOptions: { resolve: { reprise: resolver } },
  }));

if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('schemas/types.ts does not match the schemas: run `npm run types` and commit it.');
    process.exit(1);
  }
} else writeFileSync(target, text);
