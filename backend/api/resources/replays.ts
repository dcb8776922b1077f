import type { Replay, ReplayPatch, ReplayRequest } from '../../../schemas/types.ts';
import { listOf, ref, HttpReply } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

const id = { type: 'string' };

export default {
  name: 'replays',
  description: 'Replays play recordings onto channels.',
  routes: [
    route({
      method: 'get',
      path: '/replays',
      summary: 'List replays, oldest first',
      channels: { shows: ({ channels }: Replay) => channels },
      scope: 'read',
      responses: { 200: { description: 'The replays.', schema: listOf(ref('resources/replay')) } },
      async handle(_call, { replays }) {
        return { items: await replays.list() };
      },
    }),
    route<Record<string, never>, ReplayRequest>({
      method: 'post',
      path: '/replays',
      summary: 'Start a replay',
      channels: 'own',
      scope: 'control',
      body: { schema: ref('resources/replay-request') },
      responses: {
        201: {
          description: 'The replay has started.',
          schema: ref('resources/replay'),
          headers: { Location: 'Address of the replay.' },
        },
        404: { description: 'There is no such recording.' },
        409: { description: 'Its id is taken, or another replay uses one of its channels.' },
        422: { description: "It can't be played as requested." },
        503: { description: 'No replayer is running.' },
      },
      async handle({ body, caller }, { replays }) {
        const replay = await replays.create(body, caller.rights.writeLimits);
        return new HttpReply(201, replay, { Location: `/api/v1/replays/${encodeURIComponent(replay.id)}` });
      },
    }),
    route({
      method: 'get',
      path: '/replays/{id}',
      summary: 'Get one replay',
      channels: { shows: ({ channels }: Replay) => channels },
      scope: 'read',
      params: { id },
      responses: {
        200: { description: 'The replay.', schema: ref('resources/replay') },
        404: { description: 'There is no such replay.' },
      },
      handle: ({ params }, { replays }) => replays.get(params['id']!),
    }),
    route<Record<string, never>, ReplayPatch>({
      method: 'patch',
      path: '/replays/{id}',
      summary: 'Pause, resume, seek, or change the rate',
      channels: 'own',
      scope: 'control',
      params: { id },
      body: { schema: ref('resources/replay-patch') },
      responses: {
        200: { description: 'The replay after the change.', schema: ref('resources/replay') },
        404: { description: 'There is no such replay.' },
        503: { description: 'Its replayer does not respond.' },
      },
      async handle({ params, body, caller }, { replays }) {
        caller.rights.requireWrite(...(await replays.get(params['id']!)).channels);
        return replays.patch(params['id']!, body);
      },
    }),
    route({
      method: 'delete',
      path: '/replays/{id}',
      summary: 'Stop and remove a replay',
      channels: 'own',
      scope: 'control',
      params: { id },
      responses: {
        204: { description: 'It has been removed.' },
        404: { description: 'There is no such replay.' },
      },
      async handle({ params, caller }, { replays }) {
        caller.rights.requireWrite(...(await replays.get(params['id']!)).channels);
        await replays.remove(params['id']!);
        return new HttpReply(204);
      },
    }),
  ],
} satisfies Resource;
