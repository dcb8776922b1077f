import type { JsonSchema } from './api.ts';

/** A form field for one member of an object. */
export interface Field {
  name: string;
  /** choice: one of `choices`. lines: one string per line. object: a text, or an object as JSON. json: any other type, as JSON text. */
  kind: 'number' | 'choice' | 'text' | 'lines' | 'object' | 'json';
  schema: JsonSchema;
  required: boolean;
  choices: string[];
}

/** Returns a form field for each member of an object's JSON Schema. */
export function fieldsOf({ properties = {}, required = [] }: JsonSchema): Field[] {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    kind: kindOf(schema),
    schema,
    required: required.includes(name),
    choices: choicesOf(schema),
  }));
}

function kindOf({ type, enum: choices, items, oneOf }: JsonSchema): Field['kind'] {
  if (oneOf?.some((each) => each.type === 'string')) return 'object';
  if (choices || type === 'boolean') return 'choice';
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'string') return 'text';
  return type === 'array' && items?.type === 'string' ? 'lines' : 'json';
}

const choicesOf = ({ type, enum: choices }: JsonSchema): string[] =>
  choices ? choices.map(String) : type === 'boolean' ? ['true', 'false'] : [];

/** The text of a value in the form; empty if the value is not set. */
function textOf({ kind }: Field, value: unknown): string {
  if (value === undefined) return '';
  if (kind === 'lines' && Array.isArray(value)) return value.join('\n');
  return typeof value === 'string' && kind !== 'json' ? value : JSON.stringify(value, null, 2);
}

/**
 * Returns the value of a field's text; undefined if it is empty.
 * @throws SyntaxError if the text of a JSON field is not valid JSON
 */
export function valueOf({ kind, schema, choices }: Field, text: string): unknown {
  if (text.trim() === '') return undefined;
  if (kind === 'number') return Number(text);
  if (kind === 'object') return text.trim().startsWith('{') ? (JSON.parse(text) as unknown) : text;
  if (kind === 'json') return JSON.parse(text) as unknown;
  if (kind === 'choice') return schema.enum ? schema.enum[choices.indexOf(text)] : text === 'true';
  if (kind === 'text') return text;
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

/** The range of a number in words: `0 to 10`, `more than 0`. Undefined if the schema sets none. */
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

/** Reads the values of a form, and the errors of texts that can't be read, by field name. */
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

/** The texts of a form that shows the given values, by field name. */
export const formTexts = (
  fields: readonly Field[],
  values: Readonly<Record<string, unknown>>,
): Record<string, string> =>
  Object.fromEntries(fields.map((field) => [field.name, textOf(field, values[field.name])]));
