/**
 * `npm run check:prose`: finds sentences that readers stumble over, in comments, messages and documents: inverted
 * openings ("Of a chunk what ..."), relatives without a noun ("Who waits ..."), and `is no <noun>`. It knows
 * patterns, not grammar: where it is wrong, say the sentence in another way. CONTRIBUTING.md has the rules.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../core/runtime/root.mjs';

/** How a sentence must not begin. */
const OPENINGS = [
  /^Of (?:an?|the|what|which|those|these|this|that|all|each|every|several|many|one|two|its|it|them|\d+)\b/,
  /^(?:Who|Whoever|Whose)\b(?!.*\?)/,
  /^So (?:long|many|much|often|far|few|late|early|large|small)\b/,
  /^As usual\b/,
];
/** What no sentence must hold. */
const PHRASES = [
  /(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|other\b|later\b|matter\b|such\b|way\b|need\b|one\b|\w+er\b)[a-z]/i,
];
const IGNORED = /^(?:CHANGELOG\.md|LICENSE|package-lock\.json|schemas\/types\.ts|scripts\/prose\.mjs)$/;
const FIXTURES = /^(?:test\/fixtures|cli\/simulate\/posts\/phrases|examples\/.*\.csv)/;

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
}).split('\n');
const found = files
  .filter((file) => /\.(?:ts|mjs|cjs|js|svelte|lua|as|md|json|py|sh)$/.test(file))
  .filter((file) => !IGNORED.test(file) && !FIXTURES.test(file))
  .flatMap((file) => findings(file));
for (const line of found) console.log(line);
if (found.length > 0) {
  console.log(`\n${found.length} sentences to say in plain English: subject, verb, object.`);
  process.exit(1);
}

/**
 * @param {string} file
 * @returns {string[]} `file:line: sentence`
 */
function findings(file) {
  const text = readFileSync(join(root, file), 'utf8');
  const pieces = file.endsWith('.md') ? paragraphs(text) : [...comments(text), ...strings(text)];
  return pieces.flatMap(({ at, words }) =>
    sentences(words)
      .filter((sentence) => [...OPENINGS, ...PHRASES].some((pattern) => pattern.test(sentence)))
      .map((sentence) => `${file}:${text.slice(0, at).split('\n').length}: ${sentence.slice(0, 120)}`),
  );
}

/** @param {string} text */
function comments(text) {
  const all = [];
  for (const match of text.matchAll(
    /\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->|(?:^[ \t]*(?:\/\/|--|#)[ \t].*\n)+|[ \t]\/\/[ \t].*/gm,
  )) {
    const words = match[0].replace(/^[ \t]*(?:\/\*\*?|\*\/|\*|\/\/|--|#|<!--)|\*\/|-->/gm, ' ');
    all.push({ at: match.index, words });
  }
  return all;
}

/** @param {string} text */
function strings(text) {
  const all = [];
  for (const match of text.matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)) {
    const words = (match[1] ?? match[2] ?? match[3] ?? '').replace(/\\./g, ' ');
    if (/\w \w+ \w/.test(words)) all.push({ at: match.index, words });
  }
  return all;
}

/** @param {string} text */
function paragraphs(text) {
  const plain = text.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ' '));
  return [...plain.matchAll(/[^|\n]+(?:\n(?![\n#|*-])[^|\n]+)*/g)].map((match) => ({
    at: match.index,
    words: match[0].replace(/^[\s#>*-]+|\*\*/g, ' '),
  }));
}

/** @param {string} words */
function sentences(words) {
  return words
    .replace(/\s+/g, ' ')
    .split(/(?<=[.:;!?])\s+|^[-*]\s/)
    .map((sentence) => sentence.replace(/^[\s*_@]+/, '').trim())
    .filter(Boolean);
}
