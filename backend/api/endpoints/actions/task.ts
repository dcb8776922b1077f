import { failure, RepriseError } from '../../../../core/problems/errors.ts';
import { isFinal } from '../../../tasks/task.ts';
import type { OwnAction } from '../action.ts';
import { pathParamsOf } from '../../http/route.ts';
import { select, selected } from '../task-result.ts';

interface Members {
  kind: string;
  params?: { [name: string]: unknown };
  wait?: boolean;
  select?: string;
}

const FOREVER_MS = 86_400_000 * 2;

export default {
  name: 'task',
  summary: 'Starts a task and returns its id; with `wait`, its result.',
  members: {
    type: 'object',
    properties: {
      kind: { type: 'string', description: 'Kind of the task.' },
      params: {
        type: 'object',
        additionalProperties: true,
        description: 'Fixed parameters of the task. Those of the path and the query are added.',
      },
      wait: {
        type: 'boolean',
        description: 'Wait for the result and return it instead of the id.',
      },
      select,
    },
    required: ['kind'],
    additionalProperties: false,
  },
  scope: 'control',
  flaws: ({ kind }, { tasks }) =>
    tasks.includes(kind)
      ? []
      : [{ pointer: '/kind', message: `is not a known kind of task; known are: ${tasks.join(', ')}` }],
  async handle(endpoint, { params, query, once, signal }, { tasks }) {
    const names = [...pathParamsOf(endpoint.path), ...Object.keys(endpoint.query ?? {})];
    const given = names
      .map((name) => [name, params[name] ?? query[name]])
      .filter(([, value]) => value !== undefined);
    const own = { ...endpoint.params, ...(Object.fromEntries(given) as object) };
    const task = await tasks.submit(endpoint.kind, own, once);
    if (!endpoint.wait) return task.id;
    const ended = await tasks.wait(task.id, FOREVER_MS, signal);
    if (ended.state === 'succeeded') return selected(endpoint.select, ended);
    // The caller has disconnected, and nobody else knows this task.
    if (!isFinal(ended)) await tasks.cancel(task.id).catch(() => {});
    throw ended.problem
      ? RepriseError.fromProblem(ended.problem)
      : failure('task_failed', `Task ${task.id} is ${ended.state}.`);
  },
} satisfies OwnAction<Members>;
