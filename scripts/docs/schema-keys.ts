import { schemas } from '../../schemas/index.ts';

/** What of JSON Schema the schemas of this project use. */
export interface Schema {
  $ref?: string;
  $defs?: { [name: string]: Schema };
  title?: string;
  description?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  required?: string[];
  properties?: { [name: string]: Schema };
  additionalProperties?: boolean | Schema;
  propertyNames?: Schema;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

/** A key of a document: `services.<name>.use`, `tests[].events[].time`. */
export interface Key {
  path: string;
  type: string;
  /** `required`, with the alternative it is required in, if there are several. */
  required: string;
  description: string;
}

const SPAN = '^\\d+(\\.\\d+)?(ms|s|m|h|d)$';
const WORDS: { [type: string]: string } = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  object: 'object',
  null: 'null',
};

/** All keys below a schema, in its order. A schema that is met again, as in branches of branches, is told of once. */
export function keysOf(schema: Schema, path: string, seen = new Set<string>()): Key[] {
  const { $ref } = schema;
  if ($ref && seen.has($ref)) return [];
  if ($ref) seen.add($ref);
  const { properties = {}, required, additionalProperties, items, anyOf, oneOf } = resolved(schema);
  const own = Object.entries(properties).flatMap(([name, inner]) => {
    const below = path === '' ? name : `${path}.${name}`;
    const { description = resolved(inner).description ?? '' } = inner;
    const key = {
      path: below,
      type: typeOf(inner),
      required: required?.includes(name) ? 'required' : '',
      description,
    };
    return [key, ...keysOf(inner, below, seen)];
  });
  const named =
    typeof additionalProperties === 'object' ? keysOf(additionalProperties, `${path}.<name>`, seen) : [];
  const listed = items ? keysOf(items, `${path}[]`, seen) : [];
  const either = [...(anyOf ?? []), ...(oneOf ?? [])].flatMap((each) => alternative(each, path, seen));
  return distinct([...own, ...named, ...listed, ...either]);
}

function alternative(schema: Schema, path: string, seen: Set<string>): Key[] {
  const { title } = resolved(schema);
  return keysOf(schema, path, seen).map((key) => ({
    ...key,
    required: key.required === 'required' ? `required in ${title}` : key.required,
  }));
}

function distinct(keys: Key[]): Key[] {
  const texts = keys.map((key) => JSON.stringify(key));
  return keys.filter((_, i) => texts.indexOf(texts[i]!) === i);
}

/** What a value may be, in words: `whole number from 0 to 65535, default 3000`. */
export function typeOf(given: Schema): string {
  const schema = resolved(given);
  const { default: usual } = schema;
  return [formOf(schema), ...(usual === undefined ? [] : [`default ${code(usual)}`])].join(', ');
}

function formOf(schema: Schema): string {
  const { type, pattern, additionalProperties, items, propertyNames } = schema;
  const choices = schema.enum ?? (schema.const === undefined ? null : [schema.const]);
  if (choices) return either(choices.map(code));
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return either(alternatives.map((each) => resolved(each).title ?? typeOf(each)));
  if (pattern === SPAN) return 'span';
  if (type === 'array') return listOf(typeOf(items ?? {}), schema);
  if (type === 'object' && typeof additionalProperties === 'object') {
    const names = propertyNames?.pattern ? ` (a name matches ${code(propertyNames.pattern)})` : '';
    return `object of name -> ${typeOf(additionalProperties)}${names}`;
  }
  const words = [type ?? []].flat().map((each) => WORDS[each] ?? each);
  return [
    either(words) || 'any value',
    schema.format === 'date-time' ? ' (ISO 8601)' : '',
    range(' from', schema.minimum, schema.maximum),
    schema.minLength === 1 && !schema.maxLength
      ? ', not empty'
      : range(' of', schema.minLength, schema.maxLength, ' characters'),
    pattern ? ` that matches ${code(pattern)}` : '',
  ].join('');
}

function listOf(inner: string, { minItems, maxItems }: Schema): string {
  const isPlain = Object.values(WORDS).includes(inner);
  const count = range(' of', minItems, maxItems, ' items');
  return isPlain && count === '' ? `list of ${inner}s` : `list${count}; each item is ${inner}`;
}

function range(word: string, min: number | undefined, max: number | undefined, unit = ''): string {
  if (min !== undefined && max !== undefined) return `${word} ${min} to ${max}${unit}`;
  if (min !== undefined) return `, at least ${min}${unit}`;
  return max === undefined ? '' : `, at most ${max}${unit}`;
}

const either = (words: string[]) => words.join(', ').replace(/, ([^,]*)$/, ' or $1');

/** The schema that is meant: references followed, what stands beside one on top. */
function resolved({ $ref, ...beside }: Schema): Schema {
  if ($ref === undefined) return beside;
  const [name, inner] = $ref.startsWith('#/$defs/')
    ? ['config', $ref.slice('#/$defs/'.length)]
    : [$ref.slice('reprise:/'.length), null];
  const found = schemas.get(name) as Schema;
  return { ...resolved(inner === null ? found : found.$defs![inner]!), ...beside };
}

const code = (value: unknown) => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
