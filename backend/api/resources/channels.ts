import { deleteChannel, inUse } from '../../../core/channels/deletion.ts';
import { describeChannel, describeChannels } from '../../../core/channels/description.ts';
import type { Channel } from '../../../schemas/types.ts';
import { HttpReply, listOf, ref } from '../http/route.ts';
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
        const found = await describeChannels(redis, await channels.all());
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
    route({
      method: 'delete',
      path: '/channels/{channel}',
      summary: 'Delete a channel',
      channels: { write: '{channel}' },
      description:
        'Deletes its log, its state, and the positions of services that have read it. Its next event begins a newer epoch, so no position of before is ever true of other events; clients that follow the channel learn that all they have is void. A channel of the configuration stays, and is empty.',
      scope: 'admin',
      params: { channel: { type: 'string' } },
      responses: {
        204: { description: 'It has been deleted.' },
        404: { description: 'There is no such channel.' },
        409: { description: 'A replay, a service or a pipeline uses it that is not stopped.' },
      },
      async handle({ params }, { redis, channels, channelUsers, ingest }) {
        const spec = await channels.get(params['channel']!);
        const users = await channelUsers.of(spec.name);
        if (users.length > 0) throw inUse(spec.name, users);
        await deleteChannel(redis, spec);
        ingest.forget(spec.name);
        return new HttpReply(204);
      },
    }),
  ],
} satisfies Resource;

/** With the link to its schema below the path that the API is served at. */
function linked(channel: Channel, basePath: string): Channel {
  return { ...channel, schema: channel.schema && basePath + channel.schema };
}
