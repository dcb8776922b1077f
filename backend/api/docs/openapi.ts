import { schemas } from '../../../schemas/index.ts';
import { version } from '../../../core/runtime/version.ts';
import { ref, type Schema } from '../http/route.ts';
import { type ApiRoute, type Resource } from '../routing/api-route.ts';

/** A group of routes under one prefix. */
export interface Mounted {
  prefix: string;
  resources: Resource[];
}

/** The OpenAPI 3.1 document of routes. It can't differ from what is mounted: both come from the same declarations. */
export function openApi(mounted: Mounted[], keyed: boolean, basePath = ''): object {
  const components = new Components();
  const paths: { [path: string]: { [method: string]: object } } = {};
  for (const { prefix, resources } of mounted) {
    for (const { name, routes } of resources) {
      for (const route of routes) {
        const path = prefix + route.path.replace('*}', '}');
        (paths[path] ??= {})[route.method] = operation(route, name, components);
      }
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Reprise',
      version,
      description: 'Replays recorded, timestamped data onto channels as if it were happening now.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: basePath || '/' }],
    tags: mounted.flatMap(({ resources }) =>
      resources.map(({ name, description }) => ({ name, description })),
    ),
    // {}: no key is needed.
    security: keyed ? [{ key: [] }, { bearer: [] }] : [{}],
    paths,
    components: {
      schemas: components.collected(),
      ...(keyed && {
        securitySchemes: {
          key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      }),
    },
  };
}

function operation(route: ApiRoute, tag: string, components: Components): object {
  const parameters = [
    ...Object.entries(route.params ?? {}).map(([name, schema]) =>
      parameter('path', name, schema, true, components),
    ),
    ...Object.entries(route.query ?? {}).map(([name, schema]) =>
      parameter('query', name, schema, route.required?.includes(name) ?? false, components),
    ),
  ];
  const words = route.path
    .replaceAll(/[{}*]/g, '')
    .split(/[/_.-]/)
    .filter(Boolean);
  return {
    operationId: [route.method, ...words]
      .map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
      .join(''),
    tags: [tag],
    summary: route.summary,
    ...(route.description && { description: route.description }),
    'x-scope': route.scope,
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && { requestBody: { required: true, content: bodyContent(route.body, components) } }),
    responses: responses(route, components),
  };
}

function parameter(
  place: string,
  name: string,
  schema: Schema,
  required: boolean,
  components: Components,
): object {
  const { description, ...rest } = schema;
  return {
    name,
    in: place,
    required,
    ...(description !== undefined && { description }),
    schema: components.inline(rest),
  };
}

function bodyContent(body: NonNullable<ApiRoute['body']>, components: Components): object {
  if ('raw' in body) {
    return Object.fromEntries(
      Object.entries(body.raw).map(([type, schema]) => [type, { schema: components.inline(schema) }]),
    );
  }
  return {
    'application/json': { schema: components.inline(body.schema) },
    ...(body.events && {
      'application/cloudevents+json': { schema: { type: 'object' } },
      'application/cloudevents-batch+json': { schema: { type: 'array', items: { type: 'object' } } },
    }),
    ...(body.ndjson && { 'application/x-ndjson': { schema: { type: 'string' } } }),
  };
}

function responses(route: ApiRoute, components: Components): object {
  const problem = { 'application/problem+json': { schema: components.inline(ref('resources/problem')) } };
  const declared = Object.entries(route.responses).map(
    ([status, { description, schema, type, streams, headers }]) => {
      const failed = Number(status) >= 400;
      const content = failed
        ? problem
        : schema && {
            [type ?? 'application/json']: { schema: components.inline(schema) },
            ...(streams && { 'text/event-stream': { schema: { type: 'string' } } }),
          };
      const described = Object.entries(headers ?? {}).map(([name, text]) => [
        name,
        { description: text, schema: { type: 'string' } },
      ]);
      return [
        status,
        {
          description,
          ...(content && { content }),
          ...(headers && { headers: Object.fromEntries(described) as object }),
        },
      ];
    },
  );
  return {
    ...(Object.fromEntries(declared) as object),
    '4XX': { description: 'The request is refused; the problem (RFC 9457) says why.', content: problem },
    default: { description: 'A problem (RFC 9457).', content: problem },
  };
}

/** Collects schemas under `#/components/schemas`, named by their titles, and rewrites references accordingly. */
export class Components {
  readonly #found = new Map<string, Schema>();

  /** The schema with references into this document; the schemas that it refers to are collected. */
  inline(schema: Schema): Schema {
    return this.#rewrite(schema) as Schema;
  }

  /** All collected schemas, by name. */
  collected(): { [name: string]: Schema } {
    return Object.fromEntries([...this.#found].sort(([a], [b]) => a.localeCompare(b)));
  }

  #rewrite(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#rewrite(each));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(([member]) => member !== '$schema' && member !== '$id');
    return Object.fromEntries(
      entries.map(([member, inner]) => [
        member,
        member === '$ref' && typeof inner === 'string' ? this.#refer(inner) : this.#rewrite(inner),
      ]),
    );
  }

  #refer(target: string): string {
    const path = /^reprise:\/(.+)$/.exec(target)?.[1];
    const schema = path === undefined ? undefined : schemas.get(path);
    if (!schema) throw new Error(`No schema file for "${target}"`);
    const name = String(schema['title']);
    if (!this.#found.has(name)) {
      this.#found.set(name, {});
      this.#found.set(name, this.inline(schema));
    }
    return `#/components/schemas/${name}`;
  }
}
