import { schemas } from '../../../schemas/index.ts';
import type { RecordingOptions } from '../../../schemas/types.ts';
import { refusal } from '../../../core/problems/errors.ts';
import { listOf, ref, HttpReply } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';
import { principalOf, requireScope } from '../http/guard.ts';
import { receiveUpload } from '../http/upload.ts';

const id = { type: 'string', description: 'Name of the file.' };
/** Also names a recording in an archive. */
const recordingId = {
  type: 'string',
  description:
    'Name of the file; or of an archive with a recording in it, URL-encoded: `week.zip%2Fmonday.csv`.',
};
/** The options of a recording without its id, which the path names. */
const previewOptions = {
  type: 'object',
  properties: optionsOf(schemas.get('resources/recording-options')),
  additionalProperties: false,
};

function optionsOf(schema: { [name: string]: unknown } | undefined): { [name: string]: unknown } {
  const properties = { ...(schema?.['properties'] as { [name: string]: unknown }) };
  delete properties['id'];
  return properties;
}

export default {
  name: 'recordings',
  description: 'Files of timestamped records in the recordings folder.',
  routes: [
    route({
      method: 'get',
      path: '/recordings',
      summary: 'List recordings, without their descriptions',
      channels: 'all',
      scope: 'read',
      responses: {
        200: { description: 'The recordings, by name.', schema: listOf(ref('resources/recording')) },
      },
      async handle(_call, { recordings }) {
        return { items: await recordings.list() };
      },
    }),
    route<{ name?: string; replace: boolean }>({
      method: 'post',
      path: '/recordings',
      summary: 'Upload a recording',
      channels: 'all',
      description:
        'Send the file as the body with `?name=`, or a form with one file in the field `file`. The recording appears, or replaces the one before, in one step: once the whole file has arrived, has been read, and is sound. A file without a row that can be played is refused, with the reason. One of several uploads of a name is answered 201, and the others 409. The name is kept in Unicode composed form (NFC).',
      scope: 'control',
      query: {
        name: { type: 'string', description: 'A plain file name. Default: the name in the form.' },
        replace: {
          type: 'boolean',
          default: false,
          description: 'Replace a recording of that name, which needs the scope `admin`, like DELETE.',
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
          description: 'The recording; with its description if a replayer was running to read it.',
          schema: ref('resources/recording'),
          headers: { Location: 'Address of the recording.' },
        },
        403: { description: 'To replace a recording, the key needs the scope `admin`.' },
        409: { description: 'A recording has that name already, or one that differs in case only.' },
        413: { description: 'The file is too large.' },
        422: {
          description:
            'The name is not allowed, no row can be played, or reading the file takes too much time or room.',
        },
        429: { description: 'The folder of recordings is full, or too many recordings are being read.' },
        507: { description: 'The disk is full.' },
      },
      async handle({ query, request, response, signal }, { uploads }) {
        // What is replaced is lost, as what is deleted.
        if (query.replace) requireScope(principalOf(response), 'admin');
        const arrival = await receiveUpload(request, query.name, {
          receive: (name, content) => uploads.receive(name, content, query.replace),
          discard: (unwanted) => uploads.discard(unwanted),
        });
        const kept = await uploads.place(arrival, query.replace, signal);
        return new HttpReply(201, kept, { Location: `/api/v1/recordings/${encodeURIComponent(kept.id)}` });
      },
    }),
    route({
      method: 'get',
      path: '/recordings/{id}',
      summary: 'Get one recording with its description',
      channels: 'all',
      description:
        'The description comes from one pass over the whole file: times, subjects, how many rows can be played, how they are distributed.',
      scope: 'read',
      params: { id: recordingId },
      responses: {
        200: { description: 'The recording.', schema: ref('resources/recording') },
        404: { description: 'There is no such recording.' },
        422: { description: 'No row can be played, or the name is not allowed.' },
        503: { description: 'No replayer is running to read it.' },
      },
      async handle({ params, signal }, { recordings }) {
        const recording = await recordings.get(params['id']!);
        return { ...recording, description: await recordings.describe(recording.id, signal) };
      },
    }),
    route<{ records: number }, Omit<RecordingOptions, 'id'>>({
      method: 'post',
      path: '/recordings/{id}/preview',
      summary: 'See how a recording is read with some options',
      channels: 'all',
      effect: 'none',
      description:
        'Answers each decision with its evidence, how sure it is, and the option that changes it; and the first records as they would be played. Nothing is played or kept.',
      scope: 'read',
      params: { id: recordingId },
      query: {
        records: {
          type: 'integer',
          minimum: 0,
          maximum: 100,
          default: 10,
          description: 'How many records to show.',
        },
      },
      body: { schema: previewOptions },
      responses: {
        200: {
          description: 'The decisions and the first records.',
          schema: ref('resources/recording-preview'),
        },
        404: { description: 'There is no such recording.' },
        422: { description: 'No row can be played with these options.' },
        503: { description: 'No replayer is running to read it.' },
      },
      handle({ params, query, body }, { recordings }) {
        return recordings.preview(params['id']!, body, query.records);
      },
    }),
    route({
      method: 'delete',
      path: '/recordings/{id}',
      summary: 'Delete a recording',
      before: ({ params }, { recordings }) => recordings.get(params['id']!),
      channels: 'all',
      description: 'A replay that plays it continues with what it has read.',
      scope: 'admin',
      params: { id },
      responses: {
        204: { description: 'It has been deleted.' },
        404: { description: 'There is no such recording.' },
      },
      async handle({ params }, { recordings }) {
        await recordings.remove(params['id']!);
        return new HttpReply(204);
      },
    }),
    route({
      method: 'get',
      path: '/recordings/{id}/download',
      summary: 'Download the file',
      channels: 'all',
      scope: 'read',
      params: { id },
      responses: {
        200: {
          description: 'The file, with the media type of its extension.',
          type: '*/*',
          schema: { type: 'string', format: 'binary' },
        },
        206: { description: 'The requested range.' },
        404: { description: 'There is no such recording.' },
        416: { description: 'The file does not have the requested range.' },
      },
      async handle({ params, response }, { recordings }) {
        const { id: name } = await recordings.file(params['id']!);
        await new Promise<void>((resolve, reject) => {
          response.download(
            name,
            name,
            { root: recordings.path, dotfiles: 'deny' },
            (error?: Error & { status?: number }) => {
              if (!error || response.headersSent) resolve();
              else if (error.status === 416) {
                reject(
                  refusal('range_unsatisfiable', `${name} does not have that range.`, {
                    hint: 'GET without Range returns the whole file.',
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
