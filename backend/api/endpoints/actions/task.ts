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
  summary: 'Starts a task and answers its id, or with `wait` its result.',
  members: {
    type: 'object',
    properties: {
      kind: { type: 'string', description: 'Which kind of task.' },
      params: {
        type: 'object',
        additionalProperties: true,
        description: "Fixed parameters of the task; those of the endpoint's path and query are added.",
      },
      wait: {
        type: 'boolean',
        description: "Answer with the result, when it is there, instead of the task's id.",
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
      : [{ pointer: '/kind', message: `is no kind of task; there are: ${tasks.join(', ')}` }],
  async handle(endpoint, { params, query, signal }, { tasks }) {
    const own = [...pathParamsOf(endpoint.path), ...Object.keys(endpoint.query ?? {})];
    const given = own
      .map((name) => [name, params[name] ?? query[name]])
      .filter(([, value]) => value !== undefined);
    const asked = await tasks.submit(endpoint.kind, {
      ...endpoint.params,
      ...(Object.fromEntries(given) as object),
    });
    if (!endpoint.wait) return asked.id;
    const ended = await tasks.wait(asked.id, FOREVER_MS, signal);
    if (ended.state === 'succeeded') return selected(endpoint.select, ended);
    // Nobody else knows this task: who hung up does not want it any more.
    if (!isFinal(ended)) await tasks.cancel(asked.id).catch(() => {});
    throw ended.problem
      ? RepriseError.fromProblem(ended.problem)
      : failure('task_failed', `Task ${asked.id} is ${ended.state}.`);
  },
} satisfies OwnAction<Members>;
