import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { settingTable } from '../../core/settings/setting-table.ts';
import { root } from '../../core/runtime/root.mjs';
import { schemas } from '../../schemas/index.ts';

const tops = readdirSync(root, { withFileTypes: true }).filter(
  ({ name }) => !/^(node_modules|dist|\.git|\.reprise)$/.test(name),
);
const documents = tops
  .flatMap((top) => (top.isDirectory() ? filesBelow(top.name) : [top.name]))
  .filter((file) => file.endsWith('.md'))
  .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));

function filesBelow(folder: string): string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return files.map((file) => join(folder, file));
}

/** The texts that a pattern's first group finds in the documents, each with its file. */
function found(pattern: RegExp): { file: string; match: string }[] {
  return documents.flatMap(({ file, text }) =>
    Array.from(text.matchAll(pattern), ([, match]) => ({ file, match: match! })),
  );
}

const missing = (paths: { file: string; path: string; match: string }[]) =>
  paths.filter(({ path }) => !existsSync(join(root, path))).map(({ file, match }) => `${file}: ${match}`);

/** The names of all properties of a schema and of those it refers to. */
function propertiesOf(schema: unknown, seen = new Set<string>()): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { $ref, properties } = schema as { $ref?: string; properties?: object };
  const other = $ref?.startsWith('reprise:/') && !seen.has($ref) ? $ref.slice('reprise:/'.length) : null;
  if ($ref) seen.add($ref);
  return [
    ...Object.keys(properties ?? {}),
    ...(other ? propertiesOf(schemas.get(other), seen) : []),
    ...Object.values(schema).flatMap((inner) => propertiesOf(inner, seen)),
  ];
}

describe('the documents', () => {
  it('link to files that exist', () => {
    const links = found(/\]\((?!https?:|#)([^)\s#]+)/g);
    assert.deepEqual(
      missing(links.map((link) => ({ ...link, path: join(dirname(link.file), link.match) }))),
      [],
    );
  });

  it('name paths of the repository that exist', () => {
    const paths = found(/`((?:\.?[\w-]+\/)+[\w.-]*)`/g).filter(({ match }) =>
      tops.some(({ name }) => match.startsWith(`${name}/`)),
    );
    assert.ok(paths.length > 20);
    assert.deepEqual(missing(paths.map((each) => ({ ...each, path: each.match }))), []);
  });

  it('say the language of each fenced block', () => {
    const fences = found(/^[ \t]*```(.*)\n[^]*?^[ \t]*```$/gm);
    assert.deepEqual(
      fences.filter(({ match }) => match.trim() === ''),
      [],
    );
  });

  it('list every key of the configuration and every environment variable', () => {
    const { text } = documents.find(({ file }) => file === join('docs', 'configuration.md'))!;
    const names = propertiesOf(schemas.get('config')).filter((name) => name !== '$schema');
    assert.ok(names.length > 100);
    for (const name of names) assert.match(text, new RegExp(`[.\`]${name}\``), name);
    for (const { env } of Object.values(settingTable)) assert.ok(text.includes(`\`${env}\``), env);
  });
});
