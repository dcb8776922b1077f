import type { ReplayPatch, ReplayRequest } from '../../../schemas/types.ts';
import { listOf, ref, HttpReply } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

const id = { type: 'string' };

export default {
  name: 'replays',
  description: 'Runs of recordings onto channels.',
  routes: [
    route({
      method: 'get',
      path: '/replays',
      summary: 'All replays, oldest first',
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
      scope: 'control',
      body: { schema: ref('resources/replay-request') },
      responses: {
        201: {
          description: 'It plays.',
          schema: ref('resources/replay'),
          headers: { Location: 'The replay.' },
        },
        404: { description: 'There is no such recording.' },
        409: { description: 'Its id is taken, or a channel is being played on by another.' },
        422: { description: 'It can not be played as asked.' },
        503: { description: 'No replayer is running.' },
      },
      async handle({ body }, { replays }) {
        const replay = await replays.create(body);
        return new HttpReply(201, replay, { Location: `/api/v1/replays/${encodeURIComponent(replay.id)}` });
      },
    }),
    route({
      method: 'get',
      path: '/replays/{id}',
      summary: 'One replay',
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
      summary: 'Pause, resume, seek, change the rate',
      scope: 'control',
      params: { id },
      body: { schema: ref('resources/replay-patch') },
      responses: {
        200: { description: 'Where it stands now.', schema: ref('resources/replay') },
        404: { description: 'There is no such replay.' },
        503: { description: 'Its replayer does not answer.' },
      },
      handle: ({ params, body }, { replays }) => replays.patch(params['id']!, body),
    }),
    route({
      method: 'delete',
      path: '/replays/{id}',
      summary: 'Stop and forget a replay',
      scope: 'control',
      params: { id },
      responses: { 204: { description: 'It is gone.' }, 404: { description: 'There is no such replay.' } },
      async handle({ params }, { replays }) {
        await replays.remove(params['id']!);
        return new HttpReply(204);
      },
    }),
  ],
} satisfies Resource;
