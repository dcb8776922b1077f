import type { Pipeline } from '../../../schemas/types.ts';
import { planPipeline } from '../../../core/wire/pipeline.ts';
import { refusal } from '../../../core/problems/errors.ts';
import { listOf, ref, HttpReply, type Schema } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';
import { ingestReply, ROWS_MAX } from '../stores/ingest-reply.ts';

/** Names as the schemas of the set-up allow them. */
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
      description: 'Position of the first channel after the last accepted event.',
      required: ['epoch', 'offset'],
      properties: { epoch: { type: 'integer' }, offset: { type: 'integer' } },
    },
    traces: {
      type: 'array',
      items: { type: ['string', 'null'] },
      description: 'The trace id of each row; null for a refused row.',
    },
    results: {
      type: 'array',
      items: { anyOf: [ref('event'), { type: 'null' }] },
      description: 'With `wait`: the result for each row; null if there was none in time.',
    },
  },
};

export default {
  name: 'pipelines',
  description: 'Pipelines pass events through services in order; they can be changed at run time.',
  routes: [
    route({
      method: 'get',
      path: '/pipelines',
      summary: 'List pipelines',
      channels: { shows: pipelineChannels },
      scope: 'read',
      responses: { 200: { description: 'The pipelines, by name.', schema: listOf(named) } },
      async handle(_call, { setups }) {
        const all = Object.entries(await setups.all('pipelines'));
        return { items: all.map(([each, definition]) => ({ name: each, definition })) };
      },
    }),
    route<Record<string, never>, { name: string; definition: Pipeline }>({
      method: 'post',
      path: '/pipelines',
      summary: 'Create a pipeline',
      channels: 'all',
      scope: 'control',
      body: { schema: { ...named, additionalProperties: false } },
      responses: {
        201: { description: 'It runs.', schema: named, headers: { Location: 'Address of the pipeline.' } },
        409: {
          description: 'A pipeline has that name already, or a service has the name of one of its steps.',
        },
        422: { description: "It can't run as defined." },
      },
      async handle({ body }, { setups }) {
        if (Object.hasOwn(await setups.all('pipelines'), body.name))
          throw refusal('name_taken', `A pipeline "${body.name}" exists already.`, {
            hint: `Change it with PUT /api/v1/pipelines/${body.name}.`,
          });
        await setups.put('pipelines', body.name, body.definition);
        return new HttpReply(201, body, { Location: `/api/v1/pipelines/${body.name}` });
      },
    }),
    route({
      method: 'get',
      path: '/pipelines/{name}',
      summary: 'Get one pipeline with rates, lag and errors of its steps',
      channels: { shows: pipelineChannels },
      scope: 'read',
      params: { name },
      responses: {
        200: { description: 'Its state.', schema: ref('resources/pipeline-status') },
        404: { description: 'There is no such pipeline.' },
      },
      handle: ({ params }, { pipelines }) => pipelines.status(params['name']!),
    }),
    route<Record<string, never>, Pipeline>({
      method: 'put',
      path: '/pipelines/{name}',
      summary: 'Create a pipeline, or change it',
      channels: 'all',
      description:
        'It runs at once, and after every restart. Events that are under way when it changes keep the route they were sent with.',
      scope: 'control',
      params: { name },
      body: { schema: ref('setup/pipeline') },
      responses: {
        200: { description: 'It has been changed.', schema: ref('setup/pipeline') },
        201: {
          description: 'It is new.',
          schema: ref('setup/pipeline'),
          headers: { Location: 'Address of the pipeline.' },
        },
        409: { description: 'A service has the name of one of its steps.' },
        422: { description: "It can't run as defined." },
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
      channels: 'all',
      description: 'Events under way stay on the channels of its steps.',
      scope: 'control',
      params: { name },
      responses: {
        204: { description: 'It has been removed.' },
        404: { description: 'There is no such pipeline.' },
      },
      async handle({ params }, { setups }) {
        await setups.remove('pipelines', params['name']!);
        return new HttpReply(204);
      },
    }),
    route<{ subject: string; wait: number }, unknown>({
      method: 'post',
      path: '/pipelines/{name}/events',
      summary: 'Send events into a pipeline',
      channels: 'own',
      effect: 'data',
      description:
        'One object, an array of at most 10,000, or NDJSON. Each row is either bare data or a CloudEvent, whose `subject`, `time`, `traceparent`, `params` and extensions are used. CloudEvents are also taken in the structured, batched and binary mode of HTTP; the headers `traceparent` and `tracestate` apply to all rows that name no trace.',
      scope: 'control',
      params: { name },
      query: {
        subject: {
          type: 'string',
          maxLength: 256,
          default: 'unknown',
          description: 'The subject of rows that name none.',
        },
        wait: {
          type: 'number',
          minimum: 0,
          maximum: WAIT_MAX_SECONDS,
          default: 0,
          description: 'How many seconds to wait for results.',
        },
      },
      body: {
        schema: { type: ['object', 'array'], maxItems: ROWS_MAX },
        limitBytes: BODY_MAX_BYTES,
        ndjson: true,
        events: true,
      },
      responses: {
        200: { description: 'All rows were accepted; with `wait`, all results are there.', schema: sent },
        202: { description: 'With `wait`: not all results were there in time.', schema: sent },
        207: { description: 'Some rows were refused.', schema: sent },
        404: { description: 'There is no such pipeline.' },
        422: { description: 'All rows were refused.' },
      },
      async handle({ params, query, incoming, once, signal, caller }, { pipelines, setups }) {
        const definition = await setups.get('pipelines', params['name']!);
        caller.rights.requireWrite(...pipelineChannels({ name: params['name']!, definition }));
        const answer = await pipelines.send(params['name']!, incoming(), {
          subject: query.subject,
          waitMs: query.wait * 1000,
          signal,
          once,
        });
        return ingestReply(`into "${params['name']!}"`, answer, answer.results?.includes(null) ? 202 : 200);
      },
    }),
  ],
} satisfies Resource;

/** Every channel that an event of the pipeline goes through. */
function pipelineChannels({ name: pipeline, definition }: { name: string; definition: Pipeline }): string[] {
  const { input, steps, to } = planPipeline(pipeline, definition);
  return [...new Set([input, ...steps.map(({ channel }) => channel), to])];
}
