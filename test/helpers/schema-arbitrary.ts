import * as fc from 'fast-check';

/** A JSON Schema in an OpenAPI document; its references point into the same document. */
export interface Schema {
  [keyword: string]: unknown;
}

const TEXTS = [
  '',
  'gps',
  '2026-05-04T07:00:00Z',
  '5m',
  '-1',
  '__proto__',
  'a/../b',
  '%00',
  'ü😀',
  '{"a":1}',
  '1-1',
  'x'.repeat(300),
];
const anything = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0, 1.5, 1e308, [], {}, ...TEXTS),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Values that a schema accepts. Knows the keywords that the API uses; `document` holds the targets of references. */
export function valid(schema: Schema, document: object, depth = 0): fc.Arbitrary<unknown> {
  const inner = (one: unknown) => valid(one as Schema, document, depth + 1);
  if (typeof schema['$ref'] === 'string') return valid(resolved(schema['$ref'], document), document, depth);
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom<unknown>(...(schema['enum'] as unknown[]));
  const choices = (schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined;
  if (choices) return fc.oneof(...choices.map(inner));
  const types = [schema['type'] ?? 'object'].flat() as string[];
  return fc.constantFrom(...types).chain((type): fc.Arbitrary<unknown> => {
    if (type === 'object') return objectOf(schema, inner, depth);
    if (type === 'array')
      return depth > 4
        ? fc.constant([])
        : fc.array(inner(schema['items'] ?? {}), {
            maxLength: 3,
            minLength: Number(schema['minItems'] ?? 0),
          });
    if (type === 'string') return textOf(schema);
    if (type === 'integer' || type === 'number') return numberOf(schema, type);
    return type === 'boolean' ? fc.boolean() : fc.constant(null);
  });
}

/** Values that a schema accepts, nearly accepts, or refuses. */
export function mixed(schema: Schema, document: object): fc.Arbitrary<unknown> {
  const right = valid(schema, document);
  const spoilt = fc.tuple(right, fc.nat(), anything).map(([value, at, other]) => spoil(value, at, other));
  return fc.oneof(
    { weight: 3, arbitrary: right },
    { weight: 3, arbitrary: spoilt },
    { weight: 1, arbitrary: anything },
  );
}

/** The value with one member changed somewhere. */
function spoil(value: unknown, at: number, other: unknown): unknown {
  if (typeof value !== 'object' || value === null) return other;
  const names = Object.keys(value);
  if (names.length === 0) return at % 2 ? other : { odd: other };
  const name = names[at % names.length]!;
  const inner = (value as Schema)[name];
  const changed = at % 3 === 0 && typeof inner === 'object' ? spoil(inner, at >> 2, other) : other;
  if (Array.isArray(value)) return value.map((each: unknown, i) => (String(i) === name ? changed : each));
  return { ...value, [name]: changed };
}

function objectOf(
  schema: Schema,
  inner: (one: unknown) => fc.Arbitrary<unknown>,
  depth: number,
): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema['properties'] ?? {}) as { [name: string]: Schema });
  const required = (schema['required'] ?? []) as string[];
  const wanted = properties.filter(([name]) => depth < 5 || required.includes(name));
  const known = fc.record(Object.fromEntries(wanted.map(([name, one]) => [name, inner(one)])), {
    requiredKeys: required.filter((name) => wanted.some(([other]) => other === name)),
  });
  const more = schema['additionalProperties'];
  if (more === false || depth > 4) return known;
  const others = fc.dictionary(
    fc.constantFrom('a', 'b-c', 'x.y'),
    typeof more === 'object' ? inner(more) : anything,
    { maxKeys: 2 },
  );
  return fc.tuple(known, others).map(([a, b]) => ({ ...b, ...a }));
}

function textOf({ pattern, format, minLength = 0, maxLength = 400 }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  if (typeof pattern === 'string') return fc.stringMatching(new RegExp(pattern), { size: 'small' });
  const fits = TEXTS.filter((text) => text.length >= Number(minLength) && text.length <= Number(maxLength));
  return fc.oneof(
    fc.constantFrom(...fits, 'y'.repeat(Number(minLength))),
    fc.string({ minLength: Number(minLength), maxLength: Math.min(50, Number(maxLength)) }),
  );
}

function numberOf(schema: Schema, type: string): fc.Arbitrary<number> {
  const min = Number(schema['minimum'] ?? schema['exclusiveMinimum'] ?? -1e6);
  const max = Number(schema['maximum'] ?? schema['exclusiveMaximum'] ?? 1e9);
  if (type === 'integer') return fc.integer({ min: Math.ceil(min), max: Math.floor(max) });
  return fc.double({ min, max, noNaN: true });
}

function resolved(target: string, document: object): Schema {
  let found: unknown = document;
  for (const step of target.replace('#/', '').split('/')) found = (found as Schema)[step];
  return found as Schema;
}
