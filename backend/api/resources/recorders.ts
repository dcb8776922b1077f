import { listOf, ref, HttpReply } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

const id = { type: 'string' };

export default {
  name: 'recorders',
  description: 'The running `reprise record` processes on this Redis.',
  routes: [
    route({
      method: 'get',
      path: '/recorders',
      summary: 'List recorders that respond, oldest first',
      channels: 'all',
      scope: 'read',
      responses: { 200: { description: 'The recorders.', schema: listOf(ref('resources/recorder')) } },
      async handle(_call, { recorders }) {
        return { items: await recorders.list() };
      },
    }),
    route({
      method: 'get',
      path: '/recorders/{id}',
      summary: 'Get one recorder',
      channels: 'all',
      scope: 'read',
      params: { id },
      responses: {
        200: { description: 'The recorder.', schema: ref('resources/recorder') },
        404: { description: 'No such recorder is running.' },
        503: { description: 'The recorder does not respond.' },
      },
      handle: ({ params }, { recorders }) => recorders.get(params['id']!),
    }),
    route({
      method: 'post',
      path: '/recorders/{id}/snapshot',
      summary: 'Write the ring buffer of a recorder to a file',
      channels: 'all',
      description:
        'The recorder continues. The file is created beside the one the recorder was started with, with the time in its name.',
      scope: 'control',
      params: { id },
      responses: {
        201: {
          description: 'The file has been written.',
          schema: ref('resources/snapshot'),
          headers: { Location: 'Address of the recording, if the file is in the recordings folder.' },
        },
        404: { description: 'No such recorder is running.' },
        409: { description: 'The recorder has no ring buffer.' },
        503: { description: "The file can't be written, or the recorder does not respond." },
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
