import { beforeFirstValue, valuesIn } from './beginning.ts';
import { memberPath } from './paths.ts';
import { planOfValues, PLAN_CHARACTERS } from './plan.ts';
import { isObject } from './timed.ts';

/** Which kind of JSON a text is: an object a line, GeoJSON, or any other sequence or nesting of values. */
export type JsonKind = 'lines' | 'document' | 'geojson';

const LINES_MAX = 50;
const DEPTH_MAX = 5;
let last: { head: string; kind: JsonKind | null } = { head: '', kind: null };

/** Which kind of JSON a file with this beginning holds; null when it is not JSON. */
export function kindOfJson(head: string): JsonKind | null {
  // Several formats ask about the same file.
  if (head !== last.head) last = { head, kind: kindOf(head) };
  return last.kind;
}

function kindOf(head: string): JsonKind | null {
  const before = beforeFirstValue(head);
  if (before === -1) return null;
  const text = head.slice(before, PLAN_CHARACTERS);
  if (text.startsWith('[') && !/^\[\s*(?:[[{\]]|$)/.test(text)) return null;
  if (text.startsWith('{') && !/^\{\s*(?:["}]|$)/.test(text)) return null;
  const roots = valuesIn(text);
  if (featurePaths(roots.slice(0, LINES_MAX)).size > 0) return 'geojson';
  if (before > 0 && head.slice(0, before).trim() !== '') return 'document';
  if (!isLines(text, head.length <= PLAN_CHARACTERS)) return 'document';
  // Lines of answers or uploads, each with a list of rows in it, are documents.
  return planOfValues(roots.slice(0, LINES_MAX)).rows.has('') ? 'lines' : 'document';
}

/** The paths of the features in these values: in arrays of features at any depth, and `''` for features at the root. */
export function featurePaths(roots: readonly unknown[]): Set<string> {
  const paths = new Set<string>();
  for (const root of roots) {
    if (isFeature(root)) paths.add('');
    else addFeaturePaths(root, '', 0, paths);
  }
  return paths;
}

function addFeaturePaths(value: unknown, path: string, depth: number, paths: Set<string>): void {
  if (Array.isArray(value)) {
    if (value.some(isFeature)) paths.add(path);
    else for (const element of value.slice(0, LINES_MAX)) addFeaturePaths(element, path, depth + 1, paths);
  } else if (isObject(value) && depth < DEPTH_MAX)
    for (const [name, member] of Object.entries(value))
      addFeaturePaths(member, memberPath(path, name), depth + 1, paths);
}

/** Whether a value is a feature of GeoJSON (RFC 7946), as far as its type tells. */
function isFeature(value: unknown): boolean {
  return isObject(value) && value['type'] === 'Feature' && ('geometry' in value || 'properties' in value);
}

/** Whether the text holds one object a line, as far as most of its first lines tell. */
function isLines(text: string, isWhole: boolean): boolean {
  const all = text.split('\n', LINES_MAX + 1);
  const isCut = !isWhole && all.length <= LINES_MAX;
  const lines = (isCut && all.length > 1 ? all.slice(0, -1) : all)
    .filter((line) => line.trim() !== '')
    .slice(0, LINES_MAX);
  const whole = lines.filter(isObjectLine).length;
  if (lines.length === 0 || whole === 0) return false;
  // The lines of an object that is written over several are not objects, or end with a comma.
  return isObjectLine(lines[0]!) ? whole * 2 >= lines.length : whole * 2 > lines.length;
}

function isObjectLine(line: string): boolean {
  const text = line.trim();
  if (!text.startsWith('{') || !text.endsWith('}')) return false;
  try {
    return isObject(JSON.parse(text.replace(/([:[,]\s*)(?:NaN|-?Infinity)(?=\s*[,}\]])/g, '$1null')));
  } catch {
    return false;
  }
}
