import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type AnySchemaObject, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';

export type * from './types.ts';

// ajv-formats is CommonJS: under nodenext its default export is typed as the module.
const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default;

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Every schema file, by its path without `.json`: `event`, `channels/gps`, `tasks/average-speed`. */
export const schemas: ReadonlyMap<string, AnySchemaObject> = new Map(
  (readdirSync(folder, { recursive: true }) as string[])
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.replaceAll('\\', '/').slice(0, -'.json'.length))
    .sort()
    .map((name) => [name, JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8')) as AnySchemaObject]),
);

/** The one ajv: JSON Schema 2020-12, all schema files registered under `reprise:/<name>`. */
export const ajv = new Ajv2020({
  allErrors: false,
  strict: true,
  allowUnionTypes: true,
  discriminator: false,
  validateSchema: false,
});
addFormats(ajv);
// The same, but text is turned into the number or boolean that the schema asks for: query strings have no types.
export const queryAjv = new Ajv2020({
  allErrors: true,
  coerceTypes: true,
  useDefaults: true,
  strict: true,
  allowUnionTypes: true,
  validateSchema: false,
});
addFormats(queryAjv);
for (const schema of schemas.values()) {
  ajv.addSchema(schema);
  queryAjv.addSchema(schema);
}

/**
 * The validator of one schema file; compiled once.
 * @throws Error when there is no such schema file
 */
export function validator<T>(name: string): ValidateFunction<T> {
  const validate = ajv.getSchema<T>(`reprise:/${name}`);
  if (!validate)
    throw new Error(`No schema "${name}" in schemas/; there are: ${[...schemas.keys()].join(', ')}`);
  return validate as ValidateFunction<T>;
}

/** Says in one sentence what a validator refused: where, what was expected, and the value. */
export function explain(errors: ErrorObject[] | null | undefined, value: unknown): string {
  return (errors ?? []).map((error) => explainOne(error, value)).join('; ') || 'is not valid';
}

function explainOne({ instancePath, message, params, keyword }: ErrorObject, value: unknown): string {
  const where = instancePath === '' ? '' : `${instancePath.slice(1).replaceAll('/', '.')} `;
  let found: unknown = value;
  for (const step of instancePath.split('/').slice(1))
    found = (found as Record<string, unknown> | undefined)?.[step];
  const extra =
    keyword === 'additionalProperties'
      ? ` (${String(params['additionalProperty'])})`
      : keyword === 'enum'
        ? ` (${(params['allowedValues'] as unknown[]).join(', ')})`
        : keyword === 'const'
          ? ` (${JSON.stringify(params['allowedValue'])})`
          : '';
  const got =
    keyword === 'required' || typeof found === 'object' ? '' : `, got ${JSON.stringify(found)?.slice(0, 80)}`;
  return `${where}${message ?? keyword}${extra}${got}`;
}
