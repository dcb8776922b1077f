import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { route, type Resource } from '../routing/api-route.ts';

/** The settings of the page as a REST noun. */
export const pageResource: Resource = {
  name: 'page',
  description: 'Settings of the page.',
  routes: [
    route({
      method: 'get',
      path: '/page',
      summary: 'Get what the map draws beneath the data, and where the logs are',
      scope: 'read',
      channels: 'none',
      responses: {
        200: {
          description:
            'Streets that belong to the recordings (GeoJSON), a street style for use with a network connection, and the folder with the logs of the roles on the host of the API.',
          schema: {
            type: 'object',
            required: ['streets', 'streetStyle', 'logs'],
            properties: {
              streets: { type: ['object', 'null'] },
              streetStyle: { type: ['string', 'null'] },
              logs: {
                type: 'object',
                required: ['host', 'folder'],
                properties: { host: { type: 'string' }, folder: { type: 'string' } },
              },
            },
          },
        },
      },
      async handle(_call, { recordings, settings }) {
        const logs = { host: hostname(), folder: resolve(settings.data, 'logs') };
        return { streets: await recordings.streets(), streetStyle: settings.streetStyle, logs };
      },
    }),
  ],
};
