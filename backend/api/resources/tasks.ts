import { refusal } from '../../../core/problems/errors.ts';
import type { Task, TaskRequest } from '../../../schemas/types.ts';
import { isFinal, kindSchemas, taskChannels } from '../../tasks/task.ts';
import type { Principal } from '../http/keyring.ts';
import { listOf, ref, HttpReply } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';
import { EventStream } from '../http/sse.ts';

const WAIT_MAX_SECONDS = 30;
const RETRY_SECONDS = '1';
const id = { type: 'string' };
const unknown = { description: 'There is no such task.' };

export default {
  name: 'tasks',
  description: 'Tasks run once and have a result.',
  routes: [
    route<Record<string, never>, TaskRequest>({
      method: 'post',
      path: '/tasks',
      summary: 'Start a task',
      channels: 'own',
      scope: 'control',
      body: { schema: ref('resources/task-request') },
      responses: {
        202: {
          description: 'The task is queued.',
          schema: ref('resources/task'),
          headers: { Location: 'Address of the task.', 'Retry-After': 'When to ask for it, in seconds.' },
        },
        422: { description: 'There is no such kind, or its parameters are not valid.' },
      },
      async handle({ body, once, caller }, { tasks }) {
        requireTask(caller, { kind: body.kind, params: body.params ?? {} });
        const task = await tasks.submit(body.kind, body.params ?? {}, once);
        return new HttpReply(202, task, {
          Location: `/api/v1/tasks/${task.id}`,
          'Retry-After': RETRY_SECONDS,
        });
      },
    }),
    route<{ limit: number }>({
      method: 'get',
      path: '/tasks',
      summary: 'List tasks, newest first',
      channels: { shows: taskChannels },
      description: 'Finished tasks are kept for a day, at most a thousand.',
      scope: 'read',
      query: { limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 100 } },
      responses: { 200: { description: 'The tasks.', schema: listOf(ref('resources/task')) } },
      async handle({ query }, { tasks }) {
        return { items: await tasks.list(query.limit) };
      },
    }),
    route({
      method: 'get',
      path: '/tasks/kinds',
      summary: 'List kinds of tasks',
      channels: 'none',
      scope: 'read',
      responses: {
        200: {
          description: 'Each kind with the JSON Schemas of its parameters and its result.',
          schema: listOf({
            type: 'object',
            required: ['kind', 'params', 'result'],
            properties: {
              kind: { type: 'string' },
              description: { type: 'string' },
              params: { type: 'object' },
              result: { type: 'object' },
            },
          }),
        },
      },
      handle: (_call, { tasks }) => ({ items: tasks.kinds.map((kind) => ({ kind, ...kindSchemas(kind) })) }),
    }),
    route({
      method: 'get',
      path: '/tasks/{id}',
      summary: 'Get one task',
      channels: { shows: taskChannels },
      scope: 'read',
      params: { id },
      responses: { 200: { description: 'The task.', schema: ref('resources/task') }, 404: unknown },
      handle: ({ params }, { tasks }) => tasks.get(params['id']!),
    }),
    route({
      method: 'get',
      path: '/tasks/{id}/result',
      summary: 'Get the result of a task',
      channels: 'own',
      description: `With \`Prefer: wait=N\` (RFC 7240) the response comes once there is a result, or after N seconds, at most ${WAIT_MAX_SECONDS}.`,
      scope: 'read',
      params: { id },
      responses: {
        200: { description: 'The result; its kind describes it.', schema: { type: 'object' } },
        404: unknown,
        409: {
          description: 'There is no result yet, or the task has none.',
          headers: { 'Retry-After': 'When to ask again, in seconds.' },
        },
      },
      async handle({ params, request, response, signal, caller }, { tasks }) {
        requireTask(caller, await tasks.get(params['id']!));
        const seconds = Number(/(?:^|[,;\s])wait=(\d+)/.exec(request.get('Prefer') ?? '')?.[1] ?? 0);
        const task = await tasks.wait(params['id']!, Math.min(seconds, WAIT_MAX_SECONDS) * 1000, signal);
        if (seconds > 0) response.set('Preference-Applied', `wait=${Math.min(seconds, WAIT_MAX_SECONDS)}`);
        if (task.state === 'succeeded') return task.result;
        if (!isFinal(task)) response.set('Retry-After', RETRY_SECONDS);
        throw noResult(task);
      },
    }),
    route({
      method: 'get',
      path: '/tasks/{id}/events',
      summary: 'Follow a task (Server-Sent Events)',
      channels: 'own',
      description: 'Each change is sent as the whole task; the stream ends with the task.',
      scope: 'read',
      params: { id },
      responses: {
        200: { description: 'The stream.', type: 'text/event-stream', schema: { type: 'string' } },
        404: unknown,
      },
      async handle(call, { tasks }) {
        const { params, signal, caller } = call;
        requireTask(caller, await tasks.get(params['id']!));
        const stream = new EventStream(call);
        let shown = '';
        const show = (task: Task) => {
          const text = JSON.stringify(task);
          if (text !== shown) void stream.send({ data: (shown = text) });
        };
        const stop = tasks.onChange(params['id']!, show);
        for (let task: Task | null = null; stream.open && !(task && isFinal(task));) {
          show((task = await tasks.get(params['id']!)));
          if (!isFinal(task)) task = await tasks.wait(params['id']!, 5_000, signal);
          show(task);
        }
        stop();
        stream.end();
      },
    }),
    route({
      method: 'post',
      path: '/tasks/{id}/cancel',
      summary: 'Cancel a task',
      channels: 'own',
      scope: 'control',
      params: { id },
      responses: {
        200: { description: 'The task is canceled.', schema: ref('resources/task') },
        404: unknown,
        409: { description: 'The task has ended already.' },
      },
      async handle({ params, caller }, { tasks }) {
        requireTask(caller, await tasks.get(params['id']!));
        return tasks.cancel(params['id']!);
      },
    }),
  ],
} satisfies Resource;

/** @throws refusal `channel_refused` */
function requireTask({ rights }: Principal, task: Pick<Task, 'kind' | 'params'>): void {
  const channels = taskChannels(task);
  if (channels === null) rights.requireAll({ toWrite: true });
  else rights.requireRead(...channels);
}

function noResult({ id: task, state, error }: Task): Error {
  const hints: Partial<Record<Task['state'], string>> = {
    failed: error ?? undefined,
    canceled: 'Start the task again.',
  };
  return refusal(
    state === 'queued' || state === 'running' ? 'task_unfinished' : 'task_without_result',
    `Task ${task} is ${state}.`,
    {
      hint: hints[state] ?? 'Add the header `Prefer: wait=30`, or ask again later.',
    },
  );
}
