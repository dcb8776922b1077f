import type { ServiceKindDocument } from '../../../schemas/types.ts';
import { listOf, ref } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

export default {
  name: 'service-kinds',
  description: 'The kinds of services that analysis and the steps of pipelines can use.',
  routes: [
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
