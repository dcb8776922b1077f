import { schemas } from '../../../schemas/index.ts';
import type { ChannelSpec } from '../../../core/wire/channels.ts';
import { keys } from '../../../core/wire/keys.ts';
import { addressOf } from '../../../core/redis/server/place.ts';
import { version } from '../../../core/runtime/version.ts';
import { Components } from './openapi.ts';
import { ref, type Schema } from '../http/route.ts';

/** The messages of the socket, with their senders and acknowledgements. */
const MESSAGES: { name: string; from: 'client' | 'server'; summary: string; schema: Schema; ack?: Schema }[] =
  [
    {
      name: 'subscribe',
      from: 'client',
      summary: 'Follow a channel.',
      schema: ref('socket/subscribe'),
      ack: ref('socket/subscribed'),
    },
    {
      name: 'unsubscribe',
      from: 'client',
      summary: 'Stop following a channel.',
      schema: ref('socket/unsubscribe'),
      ack: { type: 'object' },
    },
    {
      name: 'credit',
      from: 'client',
      summary: 'Confirm everything up to a position.',
      schema: ref('socket/credit'),
    },
    {
      name: 'replay',
      from: 'client',
      summary: 'Change a replay.',
      schema: ref('socket/replay-change'),
      ack: ref('resources/replay'),
    },
    {
      name: 'batch',
      from: 'server',
      summary: 'Events of one channel and epoch, in order.',
      schema: ref('socket/batch'),
    },
    { name: 'gap', from: 'server', summary: "Events that can't be delivered.", schema: ref('socket/gap') },
    { name: 'clock', from: 'server', summary: 'The position of a replay.', schema: ref('resources/clock') },
    { name: 'task', from: 'server', summary: 'A task has changed.', schema: ref('resources/task') },
    {
      name: 'status',
      from: 'server',
      summary: 'Whether Redis responds, and the state of each service.',
      schema: ref('socket/status'),
    },
    {
      name: 'replays',
      from: 'server',
      summary: 'All replays, after one has changed.',
      schema: { type: 'array', items: ref('resources/replay') },
    },
  ];

/** The AsyncAPI 3 document: the Redis channels, and the messages of Socket.IO's namespace /live. */
export function asyncApi(channels: ChannelSpec[], redisUrl: string): object {
  const components = new Components();
  const { host, port, isTls } = addressOf(redisUrl);
  const documented: { [name: string]: object } = {};
  const operations: { [name: string]: object } = {};
  for (const spec of channels) {
    const name = spec.name.replaceAll(/[^A-Za-z0-9]+/g, '_');
    documented[name] = {
      address: keys.messages(spec.name),
      servers: [{ $ref: '#/servers/redis' }],
      description: spec.envelope === 'none' ? 'Plain data.' : 'CloudEvents 1.0 in structured JSON.',
      messages: { event: { contentType: 'application/json', payload: components.inline(payload(spec)) } },
    };
    operations[`hear_${name}`] = { action: 'send', channel: { $ref: `#/channels/${name}` } };
  }
  documented['live'] = {
    address: '/live',
    servers: [{ $ref: '#/servers/socket' }],
    description:
      'Socket.IO namespace; each message is an event of that name. Refusals are sent as the acknowledgement {error: Problem}.',
    messages: Object.fromEntries(
      MESSAGES.map(({ name, summary, schema, ack }) => [
        name,
        {
          name,
          summary,
          payload: components.inline(schema),
          ...(ack && { 'x-ack': components.inline(ack) }),
        },
      ]),
    ),
  };
  for (const [action, from] of [
    ['receive', 'client'],
    ['send', 'server'],
  ] as const) {
    operations[`live_${action}`] = {
      action,
      channel: { $ref: '#/channels/live' },
      messages: MESSAGES.filter((each) => each.from === from).map(({ name }) => ({
        $ref: `#/channels/live/messages/${name}`,
      })),
    };
  }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Reprise',
      version,
      description: 'Channels of events on Redis, and their delivery to clients over Socket.IO.',
    },
    defaultContentType: 'application/json',
    servers: {
      redis: { host: `${host}:${port}`, protocol: isTls ? 'rediss' : 'redis' },
      socket: {
        host: '{host}',
        protocol: 'wss',
        pathname: '/socket.io',
        variables: { host: { default: 'localhost:3000' } },
      },
    },
    channels: documented,
    operations,
    components: { schemas: components.collected() },
  };
}

function payload(spec: ChannelSpec): Schema {
  const data = spec.schema !== null && schemas.has(spec.schema) ? ref(spec.schema) : { type: 'object' };
  return spec.envelope === 'none'
    ? data
    : { allOf: [ref('event'), { type: 'object', properties: { data } }] };
}
