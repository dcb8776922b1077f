import { refusal } from '../../../core/problems/errors.ts';
import { schemas } from '../../../schemas/index.ts';
import { listOf } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

/** The JSON Schemas as a REST noun. */
export const schemasResource: Resource = {
  name: 'schemas',
  description: 'The JSON Schemas that all data are validated against.',
  routes: [
    route({
      method: 'get',
      path: '/schemas',
      summary: 'List the names of all schemas',
      scope: 'read',
      channels: 'none',
      responses: { 200: { description: 'The names.', schema: listOf({ type: 'string' }) } },
      handle: () => ({ items: [...schemas.keys()] }),
    }),
    route({
      method: 'get',
      path: '/schemas/{path*}',
      summary: 'Get one schema',
      scope: 'read',
      channels: 'none',
      params: {
        path: {
          type: 'string',
          description: 'Name of the schema, for instance `channels/gps`.',
          examples: ['channels/gps'],
        },
      },
      responses: {
        200: { description: 'The schema (2020-12).', schema: { type: 'object' } },
        404: { description: 'There is no such schema.' },
      },
      handle({ params }) {
        const path = params['path']!.replace(/\.json$/, '');
        const schema = schemas.get(path);
        if (schema) return schema;
        throw refusal('schema_unknown', `There is no schema "${path.slice(0, 100)}".`, {
          hint: 'GET /api/v1/schemas lists them.',
        });
      },
    }),
  ],
};
