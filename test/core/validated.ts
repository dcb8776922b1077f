import { ajv } from '../../schemas/index.ts';

/** Whether a value matches a schema. For a thread of its own. */
export function isValid(schema: object, value: unknown): boolean {
  return ajv.compile(schema)(value);
}
