import type { JsonSchema } from './api.ts';

/** One member of an object as a form asks for it. */
export interface Field {
  name: string;
  /** choice: one of `choices`. lines: a text a line. json: whatever has no form of its own, as JSON text. */
  kind: 'number' | 'choice' | 'text' | 'lines' | 'json';
  schema: JsonSchema;
  required: boolean;
  choices: string[];
}

/** The members of an object's JSON Schema. */
export function fieldsOf({ properties = {}, required = [] }: JsonSchema): Field[] {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    kind: kindOf(schema),
    schema,
    required: required.includes(name),
    choices: choicesOf(schema),
  }));
}

function kindOf({ type, enum: choices, items }: JsonSchema): Field['kind'] {
  if (choices || type === 'boolean') return 'choice';
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'string') return 'text';
  return type === 'array' && items?.type === 'string' ? 'lines' : 'json';
}

const choicesOf = ({ type, enum: choices }: JsonSchema): string[] =>
  choices ? choices.map(String) : type === 'boolean' ? ['true', 'false'] : [];

/** A value as it stands in the form; what is not set is empty. */
function textOf({ kind }: Field, value: unknown): string {
  if (value === undefined) return '';
  if (kind === 'lines' && Array.isArray(value)) return value.join('\n');
  return typeof value === 'string' && kind !== 'json' ? value : JSON.stringify(value, null, 2);
}

/**
 * What a text of the form says; undefined where it is empty.
 * @throws SyntaxError where it is to be JSON and is none
 */
export function valueOf({ kind, schema, choices }: Field, text: string): unknown {
  if (text.trim() === '') return undefined;
  if (kind === 'number') return Number(text);
  if (kind === 'json') return JSON.parse(text) as unknown;
  if (kind === 'choice') return schema.enum ? schema.enum[choices.indexOf(text)] : text === 'true';
  if (kind === 'text') return text;
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

/** How a number may be, in words: `0 to 10`, `more than 0`. */
export function bounds({
  minimum,
  maximum,
  exclusiveMinimum,
  exclusiveMaximum,
}: JsonSchema): string | undefined {
  const low = minimum ?? (exclusiveMinimum === undefined ? undefined : `more than ${exclusiveMinimum}`);
  const high = maximum ?? (exclusiveMaximum === undefined ? undefined : `less than ${exclusiveMaximum}`);
  if (low !== undefined && high !== undefined) return `${low} to ${high}`;
  if (low !== undefined) return minimum === undefined ? String(low) : `${low} or more`;
  return high === undefined ? undefined : maximum === undefined ? String(high) : `${high} at most`;
}

/** What a form says, member by member, and which texts can't be read. */
export function readForm(
  fields: readonly Field[],
  texts: Readonly<Record<string, string>>,
): { values: Record<string, unknown>; errors: Record<string, string> } {
  const values: Record<string, unknown> = {};
  const errors: Record<string, string> = {};
  for (const field of fields) {
    try {
      const value = valueOf(field, texts[field.name] ?? '');
      if (value !== undefined) values[field.name] = value;
    } catch (error) {
      errors[field.name] = error instanceof Error ? error.message : String(error);
    }
  }
  return { values, errors };
}

/** The texts of a form that shows these values. */
export const formTexts = (
  fields: readonly Field[],
  values: Readonly<Record<string, unknown>>,
): Record<string, string> =>
  Object.fromEntries(fields.map((field) => [field.name, textOf(field, values[field.name])]));
