type JsonSchema = { [keyword: string]: unknown };

/** Keywords with a number or texts, which core/lua/protocol/schema.lua checks as they are. */
const PLAIN = [
  ...['type', 'required', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  ...['minLength', 'maxLength'],
];
const DEPTH_MAX = 8;

/**
 * The part of a JSON Schema that the Redis Functions check: types, ranges, lengths, values, members and items. It lets pass
 * whatever the whole schema lets pass.
 */
export function reducedSchema(schema: JsonSchema, root = schema, depth = 1): JsonSchema {
  if (depth > DEPTH_MAX) return {};
  const inner = (each: unknown) => (isObject(each) ? reducedSchema(each, root, depth + 1) : {});
  const reference = schema['$ref'];
  const target = typeof reference === 'string' ? /^#\/\$defs\/(\w+)$/.exec(reference)?.[1] : undefined;
  if (target !== undefined) return inner((root['$defs'] as JsonSchema | undefined)?.[target]);
  const found: JsonSchema = {};
  for (const keyword of PLAIN) if (schema[keyword] !== undefined) found[keyword] = schema[keyword];
  const values = 'const' in schema ? [schema['const']] : schema['enum'];
  if (Array.isArray(values) && values.every((value) => typeof value !== 'object')) found['enum'] = values;
  if (isObject(schema['properties'])) {
    const properties = Object.entries(schema['properties']).map(
      ([name, each]) => [name, inner(each)] as const,
    );
    found['properties'] = Object.fromEntries(properties);
    if (schema['additionalProperties'] === false && schema['patternProperties'] === undefined)
      found['additionalProperties'] = false;
  }
  if (isObject(schema['items']) && schema['prefixItems'] === undefined)
    found['items'] = inner(schema['items']);
  return found;
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
