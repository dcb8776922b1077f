/** JSON Schema (2020-12) of a service's parameters. Those with a `default` are always there when a service is created. */
export type ParamsSchema = {
  readonly type: 'object';
  readonly properties: { readonly [name: string]: object };
  readonly required?: readonly string[];
  readonly additionalProperties: false;
};

/**
 * The parameters that a schema describes, as a type, so that nobody writes them twice:
 *
 *     const params = { type: 'object', properties: { … }, additionalProperties: false } as const satisfies ParamsSchema;
 *     type Params = ParamsOf<typeof params>;
 *
 * It knows `type`, `enum`, `const`, `items`, `properties`, `required`, `default` and `additionalProperties`. For what
 * else a schema says, `schemaOf` names the type.
 */
export type ParamsOf<Schema extends ParamsSchema> = ParamsSchema extends Schema
  ? { [name: string]: unknown }
  : ValueOf<Schema>;

/** A JSON Schema whose values are of a type that can't be read from it, such as GeoJSON. */
export interface SchemaOf<Value> {
  readonly [value]: Value;
}

declare const value: unique symbol;

/** Says which type the values have that a schema allows. */
export function schemaOf<Value, Schema extends object = object>(schema: Schema): Schema & SchemaOf<Value> {
  return schema as Schema & SchemaOf<Value>;
}

type ValueOf<Schema> = Schema extends { readonly [value]: infer Value }
  ? Value
  : Schema extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : Schema extends { readonly const: infer Value }
      ? Value
      : Schema extends { readonly type: readonly (infer Type)[] }
        ? OfType<Schema, Type>
        : Schema extends { readonly type: infer Type }
          ? OfType<Schema, Type>
          : unknown;

type OfType<Schema, Type> = Type extends 'string'
  ? string
  : Type extends 'number' | 'integer'
    ? number
    : Type extends 'boolean'
      ? boolean
      : Type extends 'null'
        ? null
        : Type extends 'array'
          ? (Schema extends { readonly items: infer Items } ? ValueOf<Items> : unknown)[]
          : Type extends 'object'
            ? ObjectOf<Schema>
            : never;

type ObjectOf<Schema> = Schema extends { readonly properties: infer Properties }
  ? { [Name in Extract<keyof Properties, Present<Schema>>]: ValueOf<Properties[Name]> } & {
      [Name in Exclude<keyof Properties, Present<Schema>>]?: ValueOf<Properties[Name]>;
    }
  : Schema extends { readonly additionalProperties: infer Values extends object }
    ? { [name: string]: ValueOf<Values> }
    : { [name: string]: unknown };

/** Names of the properties that are always there: required, or with a default. */
type Present<Schema> =
  | (Schema extends { readonly required: readonly (infer Name)[] } ? Name : never)
  | (Schema extends { readonly properties: infer Properties }
      ? {
          [Name in keyof Properties]: Properties[Name] extends { readonly default: unknown } ? Name : never;
        }[keyof Properties]
      : never);
