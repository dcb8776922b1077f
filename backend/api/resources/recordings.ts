import { refusal } from '../../../core/problems/errors.ts';
import { listOf, ref, HttpReply } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';
import { receiveUpload } from '../http/upload.ts';

const id = { type: 'string', description: "The file's name." };

export default {
  name: 'recordings',
  description: 'Files of timestamped records in the recordings folder.',
  routes: [
    route({
      method: 'get',
      path: '/recordings',
      summary: 'All recordings, without their descriptions',
      scope: 'read',
      responses: { 200: { description: 'By name.', schema: listOf(ref('resources/recording')) } },
      async handle(_call, { recordings }) {
        return { items: await recordings.list() };
      },
    }),
    route<{ name?: string; replace: boolean }>({
      method: 'post',
      path: '/recordings',
      summary: 'Upload a recording',
      description:
        'The file as the body with `?name=`, or a form with the field `file`. It is there once it has arrived as a whole and was read: a file in which no row can be played is refused, with the reason.',
      scope: 'control',
      query: {
        name: { type: 'string', description: 'A plain file name; a form brings its own.' },
        replace: {
          type: 'boolean',
          default: false,
          description: 'Take the place of a recording of that name.',
        },
      },
      body: {
        raw: {
          'application/octet-stream': { type: 'string', format: 'binary' },
          'multipart/form-data': {
            type: 'object',
            required: ['file'],
            properties: { file: { type: 'string', format: 'binary' } },
          },
        },
      },
      responses: {
        201: {
          description: 'It is there; described, if a replayer was there to read it.',
          schema: ref('resources/recording'),
          headers: { Location: 'The recording.' },
        },
        409: { description: 'There is a recording of that name.' },
        413: { description: 'It is too large.' },
        422: { description: 'The name or the content will not do.' },
      },
      async handle({ query, request }, { recordings }) {
        const kept = await receiveUpload(request, query.name, (name, content) =>
          recordings.receive(name, content, query.replace),
        );
        return new HttpReply(201, kept, { Location: `/api/v1/recordings/${encodeURIComponent(kept.id)}` });
      },
    }),
    route({
      method: 'get',
      path: '/recordings/{id}',
      summary: 'One recording, described',
      description:
        'What one reading of the whole file finds: times, subjects, how many rows can be played, how they spread.',
      scope: 'read',
      params: { id },
      responses: {
        200: { description: 'The recording.', schema: ref('resources/recording') },
        404: { description: 'There is no such recording.' },
        422: { description: 'Nothing in it can be played, or the name will not do.' },
        503: { description: 'No replayer is there to read it.' },
      },
      async handle({ params }, { recordings }) {
        const recording = await recordings.get(params['id']!);
        return { ...recording, description: await recordings.describe(recording.id) };
      },
    }),
    route({
      method: 'delete',
      path: '/recordings/{id}',
      summary: 'Delete a recording',
      description: 'A replay that plays it goes on with what it has read.',
      scope: 'admin',
      params: { id },
      responses: { 204: { description: 'It is gone.' }, 404: { description: 'There is no such recording.' } },
      async handle({ params }, { recordings }) {
        await recordings.remove(params['id']!);
        return new HttpReply(204);
      },
    }),
    route({
      method: 'get',
      path: '/recordings/{id}/download',
      summary: 'The file itself',
      scope: 'read',
      params: { id },
      responses: {
        200: {
          description: 'The file, as what its ending says it is.',
          type: '*/*',
          schema: { type: 'string', format: 'binary' },
        },
        206: { description: 'The part that was asked for with Range.' },
        404: { description: 'There is no such recording.' },
        416: { description: 'The file has no such part.' },
      },
      async handle({ params, response }, { recordings }) {
        const { id: name } = await recordings.get(params['id']!);
        await new Promise<void>((resolve, reject) => {
          response.download(
            name,
            name,
            { root: recordings.path, dotfiles: 'deny' },
            (error?: Error & { status?: number }) => {
              if (!error || response.headersSent) resolve();
              else if (error.status === 416) {
                reject(
                  refusal('range_unsatisfiable', `${name} has no such part.`, {
                    hint: 'GET without Range has all of it.',
                  }),
                );
              } else reject(error);
            },
          );
        });
      },
    }),
  ],
} satisfies Resource;
