import { describeChannel } from '../../../core/redis/channel-description.ts';
import type { Channel } from '../../../schemas/types.ts';
import { listOf, ref } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

export default {
  name: 'channels',
  description: 'Channels carry events: each is a Redis channel with a bounded log and the latest state.',
  routes: [
    route({
      method: 'get',
      path: '/channels',
      summary: 'List channels',
      channels: { shows: ({ name }: Channel) => [name] },
      description: 'The channels of the configuration and those that have ever carried an event, by name.',
      scope: 'read',
      responses: { 200: { description: 'The channels.', schema: listOf(ref('resources/channel')) } },
      async handle(_call, { redis, channels, settings }) {
        const specs = await channels.all();
        const found = await Promise.all(specs.map((spec) => describeChannel(redis, spec)));
        return { items: found.map((channel) => linked(channel, settings.basePath)) };
      },
    }),
    route({
      method: 'get',
      path: '/channels/{channel}',
      summary: 'Get one channel',
      channels: { read: '{channel}' },
      scope: 'read',
      params: { channel: { type: 'string' } },
      responses: {
        200: { description: 'The channel.', schema: ref('resources/channel') },
        404: { description: 'There is no such channel.' },
      },
      async handle({ params }, { redis, channels, settings }) {
        const channel = await describeChannel(redis, await channels.get(params['channel']!));
        return linked(channel, settings.basePath);
      },
    }),
  ],
} satisfies Resource;

/** With the link to its schema below the path that the API is served at. */
function linked(channel: Channel, basePath: string): Channel {
  return { ...channel, schema: channel.schema && basePath + channel.schema };
}
