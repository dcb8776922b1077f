import { services } from '../../../core/redis/presence.ts';
import type { Service, ServiceConfig, ServiceKindDocument, ServicePatch } from '../../../schemas/types.ts';
import { listOf, ref, HttpReply } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

/** Names as the schemas of the set-up allow them. */
const name = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' };

export default {
  name: 'services',
  description:
    'Running processes and analysis services, the configuration of services, and the kinds that analysis and the steps of pipelines can use.',
  routes: [
    route({
      method: 'get',
      path: '/services',
      summary: 'List services',
      channels: { shows: ({ inputs = [], outputs = [] }: Service) => [...inputs, ...outputs] },
      description:
        'A service that has sent no heartbeat for some seconds is `missing`; after a minute it is no longer listed.',
      scope: 'read',
      responses: { 200: { description: 'The services, by name.', schema: listOf(ref('resources/service')) } },
      async handle(_call, { redis }) {
        return { items: await services(redis) };
      },
    }),
    route({
      method: 'get',
      path: '/services/{name}',
      summary: 'Get the configuration of a service',
      channels: 'all',
      scope: 'read',
      params: { name },
      responses: {
        200: { description: 'Its configuration.', schema: ref('setup/service') },
        404: { description: 'No service of that name is configured.' },
      },
      handle: ({ params }, { setups }) => setups.get('services', params['name']!),
    }),
    route<Record<string, never>, ServiceConfig>({
      method: 'put',
      path: '/services/{name}',
      summary: 'Add a service, or change it',
      channels: 'all',
      description: 'It runs at once, and after every restart. Other services are not affected.',
      scope: 'control',
      params: { name },
      body: { schema: ref('setup/service') },
      responses: {
        200: { description: 'It has been changed.', schema: ref('setup/service') },
        201: {
          description: 'It is new.',
          schema: ref('setup/service'),
          headers: { Location: 'Its configuration.' },
        },
        409: { description: 'Analytics have that name already.' },
        422: { description: "It can't run as configured." },
      },
      async handle({ params, body }, { setups }) {
        const isNew = await setups.put('services', params['name']!, body);
        return isNew ? new HttpReply(201, body, { Location: `/api/v1/services/${params['name']!}` }) : body;
      },
    }),
    route<Record<string, never>, ServicePatch>({
      method: 'patch',
      path: '/services/{name}',
      summary: 'Start or stop a service, or change its parameters',
      channels: 'all',
      description:
        'A stopped service later continues from its position. Changed parameters apply from now on; if the state of the service depends on them, it starts the current epoch again.',
      scope: 'control',
      params: { name },
      body: { schema: ref('setup/service-patch') },
      responses: {
        200: {
          description: 'Its configuration now.',
          schema: { anyOf: [ref('setup/service'), ref('setup/analytics')] },
        },
        404: { description: 'No service of that name is configured.' },
        422: { description: "It can't run as configured." },
      },
      handle: ({ params, body }, { setups }) => setups.patch(params['name']!, body),
    }),
    route({
      method: 'delete',
      path: '/services/{name}',
      summary: 'Remove a service',
      channels: 'all',
      description: 'What it derived stays on its channel. Other services are not affected.',
      scope: 'control',
      params: { name },
      responses: {
        204: { description: 'It has been removed.' },
        404: { description: 'No service of that name is configured.' },
      },
      async handle({ params }, { setups }) {
        await setups.remove('services', params['name']!);
        return new HttpReply(204);
      },
    }),
    route({
      method: 'get',
      path: '/service-kinds',
      summary: 'List kinds of services',
      channels: 'none',
      description: 'Each with the JSON Schema of its parameters.',
      scope: 'read',
      responses: {
        200: { description: 'The kinds, by name.', schema: listOf(ref('resources/service-kind')) },
      },
      async handle(_call, { plugins }) {
        // Loaded on demand: some services come with large tables.
        const { serviceKinds } = await import('../../analysis/hosting/registry.ts');
        const kinds = [...(await serviceKinds(plugins)).values()];
        const items = kinds.map(
          ({ name, summary, input, output, outputs = {}, keepsState = false, params }) =>
            ({ name, summary, input, output, outputs, keepsState, params }) satisfies ServiceKindDocument,
        );
        return { items: items.sort((a, b) => a.name.localeCompare(b.name)) };
      },
    }),
  ],
} satisfies Resource;
