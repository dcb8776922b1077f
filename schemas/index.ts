import { readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { Ajv2020, type AnySchemaObject, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { boundKeywords, costProblem, regExp, trustPatterns } from './bounds.ts';

export type * from './types.ts';

// ajv-formats is CommonJS: under nodenext its default export is typed as the module.
const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default;

const folder = new URL('.', import.meta.url);
const ID = 'reprise:/';

const known = new Map(
  (readdirSync(folder, { recursive: true }) as string[])
    .filter((file) => file.endsWith('.json'))
    .map((file): [string, AnySchemaObject] => {
      const schema = JSON.parse(
        readFileSync(new URL(file.replaceAll('\\', '/'), folder), 'utf8'),
      ) as AnySchemaObject;
      if (!schema.$id?.startsWith(ID))
        throw new Error(`schemas/${file} has no $id that begins with "${ID}".`);
      return [schema.$id.slice(ID.length), schema];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1)),
);

/**
 * Every schema by its name, which is its `$id` without `reprise:/`: `event`, `channels/gps`, `tasks/average-speed`. Plugins add
 * theirs. Folders below those of the names only group files.
 */
export const schemas: ReadonlyMap<string, AnySchemaObject> = known;

for (const schema of known.values()) trustPatterns(schema);

/** The ajv that all validation uses: JSON Schema 2020-12, with every schema registered under `reprise:/<name>`. */
export const ajv = new Ajv2020({
  allErrors: false,
  strict: true,
  allowUnionTypes: true,
  discriminator: false,
  validateSchema: false,
  code: { regExp },
});
addFormats(ajv);
/** The same for query strings: text is converted to the number or boolean that the schema asks for. */
export const queryAjv = new Ajv2020({
  allErrors: true,
  coerceTypes: true,
  useDefaults: true,
  strict: true,
  allowUnionTypes: true,
  validateSchema: false,
  code: { regExp },
});
addFormats(queryAjv);
/** The same for parameters of tasks: defaults are filled in. */
export const paramsAjv = new Ajv2020({
  useDefaults: true,
  strict: true,
  allowUnionTypes: true,
  validateSchema: false,
  code: { regExp },
});
addFormats(paramsAjv);
const ajvs = [ajv, queryAjv, paramsAjv];
for (const each of ajvs) boundKeywords(each);
for (const schema of schemas.values()) for (const each of ajvs) each.addSchema(schema);

/**
 * The validator of one schema, compiled once.
 * @throws Error if there is no such schema
 */
export function validator<T>(name: string): ValidateFunction<T> {
  const validate = ajv.getSchema<T>(`reprise:/${name}`);
  if (!validate)
    throw new Error(`No schema "${name}" in schemas/; there are: ${[...schemas.keys()].join(', ')}`);
  return validate as ValidateFunction<T>;
}

/**
 * Adds the schema of a plugin under a name.
 * @throws Error if it is not a valid JSON Schema, or another schema has that name
 */
export function addSchema(name: string, schema: object): void {
  const added: AnySchemaObject = { title: name.replaceAll('/', '.'), ...schema, $id: `reprise:/${name}` };
  const present = known.get(name);
  if (present && isDeepStrictEqual(present, added)) return;
  if (present) throw new Error(`There is a schema "${name}" already.`);
  const problem = schemaProblem({ ...added, $id: undefined });
  if (problem) throw new Error(`The schema "${name}" is not a valid JSON Schema: ${problem.message}.`);
  for (const each of ajvs) each.addSchema(added);
  known.set(name, added);
}

/** What is wrong with a JSON Schema (2020-12), and where; null if nothing is. */
export function schemaProblem(schema: object): { pointer: string; message: string } | null {
  try {
    const tooLong = costProblem(schema);
    const costly = tooLong ?? costProblem(schema, queryAjv.compile(schema));
    return costly === null ? null : { pointer: '', message: costly };
  } catch (error) {
    const meta = new Ajv2020();
    const isSchema = meta.validateSchema(schema);
    const found = isSchema ? undefined : meta.errors?.[0];
    return { pointer: found?.instancePath ?? '', message: found?.message ?? (error as Error).message };
  }
}

/** All errors of a value, each with the part of the schema that it violates. Slow: for messages to people. */
export function diagnose(schema: object, value: unknown): ErrorObject[] {
  const telling = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: false,
    validateSchema: false,
    code: { regExp },
  });
  addFormats(telling);
  boundKeywords(telling);
  for (const each of known.values()) telling.addSchema(each);
  return telling.validate(schema, value) ? [] : telling.errors!;
}

/** The errors of a validator in one sentence: where, what was expected, and the value. */
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
