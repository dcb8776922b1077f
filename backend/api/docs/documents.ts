import { route, type Resource } from '../routing/api-route.ts';
import { asyncApi } from './asyncapi.ts';

/** Serves the OpenAPI document, which `openApi` returns as it is now, and the AsyncAPI document. */
export function documentsResource(openApi: () => object, redisUrl: string): Resource {
  return {
    name: 'documents',
    description: 'Descriptions of the API for programs.',
    routes: [
      route({
        method: 'get',
        path: '/openapi.json',
        summary: 'This document',
        channels: 'none',
        scope: 'read',
        responses: { 200: { description: 'OpenAPI 3.1.', schema: { type: 'object' } } },
        handle: () => openApi(),
      }),
      route({
        method: 'get',
        path: '/asyncapi.json',
        summary: 'Channels and socket messages',
        channels: 'own',
        scope: 'read',
        responses: { 200: { description: 'AsyncAPI 3.', schema: { type: 'object' } } },
        async handle({ caller }, { channels }) {
          const all = await channels.all();
          return asyncApi(
            all.filter(({ name }) => caller.rights.mayRead(name)),
            redisUrl,
          );
        },
      }),
    ],
  };
}
