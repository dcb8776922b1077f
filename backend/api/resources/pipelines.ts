import type { Pipeline } from '../../../schemas/types.ts';
import { refusal } from '../../../core/problems/errors.ts';
import { listOf, ref, HttpReply, type Schema } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';
import { ingestReply, ROWS_MAX } from '../stores/ingest-reply.ts';

/** What the schemas of the set-up let names be. */
const name = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$' };
const named: Schema = {
  type: 'object',
  required: ['name', 'definition'],
  properties: { name, definition: ref('setup/pipeline') },
};
const BODY_MAX_BYTES = 5_000_000;
const WAIT_MAX_SECONDS = 60;

const sent: Schema = {
  type: 'object',
  required: ['accepted', 'refused', 'position', 'traces'],
  properties: {
    accepted: { type: 'integer', minimum: 0 },
    refused: {
      type: 'array',
      items: {
        type: 'object',
        required: ['index', 'reason'],
        properties: { index: { type: 'integer' }, reason: { type: 'string' } },
      },
    },
    position: {
      type: 'object',
      description: "Where the first step's channel stands after the last of them.",
      required: ['epoch', 'offset'],
      properties: { epoch: { type: 'integer' }, offset: { type: 'integer' } },
    },
    traces: {
      type: 'array',
      items: { type: ['string', 'null'] },
      description: 'The trace id of each row; null of one that was refused.',
    },
    results: {
      type: 'array',
      items: { anyOf: [ref('event'), { type: 'null' }] },
      description: 'With `wait`: what came out for each row; null where nothing did in time.',
    },
  },
};

export default {
  name: 'pipelines',
  description: 'Services in a row, put together at run time.',
  routes: [
    route({
      method: 'get',
      path: '/pipelines',
      summary: 'All pipelines',
      scope: 'read',
      responses: { 200: { description: 'By name.', schema: listOf(named) } },
      async handle(_call, { setups }) {
        const all = Object.entries(await setups.all('pipelines'));
        return { items: all.map(([each, definition]) => ({ name: each, definition })) };
      },
    }),
    route<Record<string, never>, { name: string; definition: Pipeline }>({
      method: 'post',
      path: '/pipelines',
      summary: 'Put a new pipeline together',
      scope: 'control',
      body: { schema: { ...named, additionalProperties: false } },
      responses: {
        201: { description: 'It runs.', schema: named, headers: { Location: 'The pipeline.' } },
        409: { description: 'There is one of that name, or a service has the name of one of its steps.' },
        422: { description: 'It can not run so.' },
      },
      async handle({ body }, { setups }) {
        if (Object.hasOwn(await setups.all('pipelines'), body.name))
          throw refusal('name_taken', `There is a pipeline "${body.name}" already.`, {
            hint: `Change it with PUT /api/v1/pipelines/${body.name}.`,
          });
        await setups.put('pipelines', body.name, body.definition);
        return new HttpReply(201, body, { Location: `/api/v1/pipelines/${body.name}` });
      },
    }),
    route({
      method: 'get',
      path: '/pipelines/{name}',
      summary: 'One pipeline: rates, lag and errors of its steps',
      scope: 'read',
      params: { name },
      responses: {
        200: { description: 'How it is.', schema: ref('resources/pipeline-status') },
        404: { description: 'There is no such pipeline.' },
      },
      handle: ({ params }, { pipelines }) => pipelines.status(params['name']!),
    }),
    route<Record<string, never>, Pipeline>({
      method: 'put',
      path: '/pipelines/{name}',
      summary: 'Put a pipeline together, or change it',
      description:
        'It runs at once, and after every restart. What is on its way when it is changed goes the way it was sent on.',
      scope: 'control',
      params: { name },
      body: { schema: ref('setup/pipeline') },
      responses: {
        200: { description: 'Changed.', schema: ref('setup/pipeline') },
        201: { description: 'New.', schema: ref('setup/pipeline'), headers: { Location: 'The pipeline.' } },
        409: { description: 'A service has the name of one of its steps.' },
        422: { description: 'It can not run so.' },
      },
      async handle({ params, body }, { setups }) {
        const isNew = await setups.put('pipelines', params['name']!, body);
        return isNew ? new HttpReply(201, body, { Location: `/api/v1/pipelines/${params['name']!}` }) : body;
      },
    }),
    route({
      method: 'delete',
      path: '/pipelines/{name}',
      summary: 'Remove a pipeline',
      description: 'What is on its way in it stays on the channels of its steps.',
      scope: 'control',
      params: { name },
      responses: { 204: { description: 'It is gone.' }, 404: { description: 'There is no such pipeline.' } },
      async handle({ params }, { setups }) {
        await setups.remove('pipelines', params['name']!);
        return new HttpReply(204);
      },
    }),
    route<{ subject: string; wait: number }, unknown>({
      method: 'post',
      path: '/pipelines/{name}/events',
      summary: 'Send events into a pipeline',
      description:
        'One object or an array of at most 10,000: bare data, or CloudEvents, whose `subject`, `time`, `traceparent` and `params` count. NDJSON is taken too.',
      scope: 'control',
      params: { name },
      query: {
        subject: {
          type: 'string',
          maxLength: 256,
          default: 'unknown',
          description: 'Of rows that name none.',
        },
        wait: {
          type: 'number',
          minimum: 0,
          maximum: WAIT_MAX_SECONDS,
          default: 0,
          description: 'Wait so many seconds for what comes out.',
        },
      },
      body: {
        schema: { type: ['object', 'array'], maxItems: ROWS_MAX },
        limitBytes: BODY_MAX_BYTES,
        ndjson: true,
      },
      responses: {
        200: { description: 'All were taken, and with `wait` have come out.', schema: sent },
        202: { description: 'With `wait`: not all have come out in time.', schema: sent },
        207: { description: 'Some were refused.', schema: sent },
        404: { description: 'There is no such pipeline.' },
        422: { description: 'All were refused, or `params` are none.' },
      },
      async handle({ params, query, body, signal }, { pipelines }) {
        const rows = Array.isArray(body) ? (body as unknown[]) : [body];
        const answer = await pipelines.send(params['name']!, rows, {
          subject: query.subject,
          waitMs: query.wait * 1000,
          signal,
        });
        return ingestReply(`into "${params['name']!}"`, answer, answer.results?.includes(null) ? 202 : 200);
      },
    }),
  ],
} satisfies Resource;
