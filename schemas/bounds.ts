import type { Ajv2020 } from 'ajv/dist/2020.js';
import { inputLimits } from './input-limits.ts';
import { compilePattern } from './pattern.ts';

/** Patterns of this release, which were checked by hand: V8's own engine takes them faster. */
const trusted = new Set<string>();
const WORK_MAX = inputLimits.patternWork.max;
const FORMAT_MAX = inputLimits.formatCharacters.max;
/** Formats whose patterns take time that grows faster than the text. */
const SLOW_FORMATS = [
  'email',
  'url',
  'uri',
  'uri-reference',
  'uri-template',
  'duration',
  'hostname',
  'regex',
];

/** What makes schemas of others compile to validators that take time in proportion to the value. */
export const regExp = Object.assign(
  (pattern: string, flags: string) => {
    if (trusted.has(pattern)) return new RegExp(pattern, flags);
    const { test, instructions } = compilePattern(pattern);
    return {
      test: (text: string) => text.length * instructions <= WORK_MAX && test(text),
      // ajv takes patterns with the same text for the same pattern.
      toString: () => `bounded ${pattern}`,
    };
  },
  { code: 'boundedRegExp' },
);

/** Trusts the patterns in a schema of this release. */
export function trustPatterns(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [name, value] of Object.entries(schema)) {
    if (name === 'pattern' && typeof value === 'string') trusted.add(value);
    if (name === 'patternProperties')
      for (const pattern of Object.keys(value as object)) trusted.add(pattern);
    trustPatterns(value);
  }
}

/** Bounds what the keywords and formats of an ajv take. */
export function boundKeywords(ajv: Ajv2020): void {
  for (const name of SLOW_FORMATS) {
    const format = ajv.formats[name];
    if (!(format instanceof RegExp) && typeof format !== 'function') continue;
    const isValid = format instanceof RegExp ? (text: string) => format.test(text) : format;
    ajv.addFormat(
      name,
      (text: string) => text.length <= FORMAT_MAX && Boolean((isValid as (it: string) => unknown)(text)),
    );
  }
  // The one of ajv compares each item with each.
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    compile: (unique: boolean) => (items: unknown[]) =>
      !unique || new Set(items.map(canonical)).size === items.length,
    error: { message: 'must NOT have duplicate items' },
  });
}

/** A text that is the same for values that are equal. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return { members: Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)) };
  });
}

/** Values of each type, to find a schema that refers to itself without end. */
const PROBES = [null, true, 0, '', [], {}];

/** What makes a schema of others too expensive; null if nothing does. @param validate its validator */
export function costProblem(schema: object, validate?: (value: unknown) => unknown): string | null {
  const size = JSON.stringify(schema).length;
  if (size > inputLimits.schemaCharacters.max)
    return `it is longer than ${inputLimits.schemaCharacters.max} characters`;
  try {
    for (const probe of validate ? PROBES : []) validate!(structuredClone(probe));
    return null;
  } catch (error) {
    if (error instanceof RangeError) return 'it refers to itself without an end';
    throw error;
  }
}
