import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../../core/runtime/root.mjs';

/** A recipe of CONTRIBUTING.md: what it adds, and how many files it says that this takes. */
export interface Recipe {
  title: string;
  fileCount: number;
  blocks: Block[];
}

/** A fenced block of a recipe: a whole new file, or lines to add to one that exists. */
interface Block {
  path: string;
  text: string;
  isChange: boolean;
}

const HEADING = /^### (?<title>.+) \((?<count>\d+) files?\)$/;
const BLOCK = /^```(?<language>\w+) (?<path>\S+)\n(?<text>[\s\S]*?)^```$/gm;

/** The recipes of CONTRIBUTING.md, in its order. */
export function readRecipes(): Recipe[] {
  const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
  return text.split(/^(?=##+ )/m).flatMap((section): Recipe[] => {
    const { title, count } = HEADING.exec(section.split('\n', 1)[0]!)?.groups ?? {};
    if (title === undefined) return [];
    const blocks = Array.from(section.matchAll(BLOCK), ({ groups }) => ({
      path: groups!['path']!,
      text: groups!['text']!,
      isChange: groups!['language'] === 'diff',
    }));
    return [{ title, fileCount: Number(count), blocks }];
  });
}

/** A copy of the project in a folder of its own, as a git repository of one commit, with the packages of this one. */
export function scratchCopy(): string {
  const copy = mkdtempSync(join(tmpdir(), 'reprise-recipes-'));
  for (const file of git(root, 'ls-files', '-co', '--exclude-standard'))
    if (existsSync(join(root, file))) cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  git(copy, 'init', '--quiet');
  git(copy, 'add', '--all');
  git(copy, '-c', 'user.name=test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '-m', 'as it is');
  return copy;
}

/** Files of a scratch copy that have changed. */
export function changedFiles(copy: string): string[] {
  return git(copy, 'status', '--porcelain', '--untracked-files=all').map((line) => line.slice(3));
}

/** Follows a recipe. @throws Error where a file that it adds exists, or a place that it changes does not */
export function follow(recipe: Recipe, copy: string): void {
  for (const { path, text, isChange } of recipe.blocks) {
    const file = join(copy, path);
    if (isChange) writeFileSync(file, changed(path, readFileSync(file, 'utf8'), text));
    else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: 'wx' });
    }
  }
}

/** Adds the lines with a `+` after the line before them, which the file must hold once. */
function changed(path: string, content: string, block: string): string {
  const lines = content.split('\n');
  let at = -1;
  for (const line of block.trimEnd().split('\n')) {
    if (line.startsWith('+')) lines.splice(++at, 0, line.slice(1));
    else {
      const places = lines.flatMap((each, i) => (each.trim() === line.trim() ? [i] : []));
      if (places.length !== 1) throw new Error(`${path} holds "${line.trim()}" ${places.length} times`);
      at = places[0]!;
    }
  }
  return lines.join('\n');
}

function git(folder: string, ...args: string[]): string[] {
  const output = execFileSync('git', args, { cwd: folder, encoding: 'utf8' });
  return output.split('\n').filter(Boolean);
}
