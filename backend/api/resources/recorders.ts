import { listOf, ref, HttpReply } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

const id = { type: 'string' };

export default {
  name: 'recorders',
  description: 'Each `reprise record` that runs on this Redis.',
  routes: [
    route({
      method: 'get',
      path: '/recorders',
      summary: 'All recorders that answer, oldest first',
      scope: 'read',
      responses: { 200: { description: 'The recorders.', schema: listOf(ref('resources/recorder')) } },
      async handle(_call, { recorders }) {
        return { items: await recorders.list() };
      },
    }),
    route({
      method: 'get',
      path: '/recorders/{id}',
      summary: 'One recorder',
      scope: 'read',
      params: { id },
      responses: {
        200: { description: 'The recorder.', schema: ref('resources/recorder') },
        404: { description: 'No such recorder runs.' },
        503: { description: 'It does not answer.' },
      },
      handle: ({ params }, { recorders }) => recorders.get(params['id']!),
    }),
    route({
      method: 'post',
      path: '/recorders/{id}/snapshot',
      summary: 'Write what the ring of a recorder holds to a file',
      description:
        'The recorder goes on. The file lies beside the one that it was told, with the time in its name.',
      scope: 'control',
      params: { id },
      responses: {
        201: {
          description: 'It is written.',
          schema: ref('resources/snapshot'),
          headers: { Location: 'The recording that it is, where it lies in the recordings folder.' },
        },
        404: { description: 'No such recorder runs.' },
        409: { description: 'It keeps no ring.' },
        503: { description: 'The file can not be written, or the recorder does not answer.' },
      },
      async handle({ params }, { recorders }) {
        const snapshot = await recorders.snapshot(params['id']!);
        const { recording } = snapshot;
        const path = recording === null ? null : `/api/v1/recordings/${encodeURIComponent(recording)}`;
        return new HttpReply(201, snapshot, path === null ? {} : { Location: path });
      },
    }),
  ],
} satisfies Resource;
