import { isProblem } from '../../../../core/problems/errors.ts';
import type { OwnAction } from '../action.ts';
import { pathParamsOf } from '../../http/route.ts';
import { select, selected } from '../task-result.ts';

interface Members {
  select?: string;
  states?: { [state: string]: string };
  unknown?: 'null' | 'refused';
}

const STATES = ['queued', 'running', 'succeeded', 'failed', 'canceled'];

export default {
  name: 'task-status',
  summary:
    'The status of a task as `{"status": ...}`, with its `result` once there is one. The id of the task is the first parameter of the path, or the first required parameter of the query.',
  members: {
    type: 'object',
    properties: {
      select,
      states: {
        type: 'object',
        properties: Object.fromEntries(STATES.map((state) => [state, { type: 'string' }])),
        additionalProperties: false,
        description: 'Other names for the states of a task.',
      },
      unknown: {
        enum: ['refused', 'null'],
        default: 'refused',
        description: 'The answer for a task that does not exist: a problem (404), or null.',
      },
    },
    additionalProperties: false,
  },
  scope: 'read',
  flaws: ({ path, required }) =>
    pathParamsOf(path).length > 0 || required?.length
      ? []
      : [
          {
            pointer: '',
            message: "needs a parameter in its path, or a required one in its query, for the task's id",
          },
        ],
  async handle({ path, required, select: member, states = {}, unknown }, { params, query }, { tasks }) {
    const [inPath] = pathParamsOf(path);
    const id = inPath === undefined ? query[required![0]!] : params[inPath];
    const found = await tasks.get(typeof id === 'string' ? id : '').catch((error: unknown) => {
      if (unknown === 'null' && isProblem(error, 'task_unknown')) return null;
      throw error;
    });
    if (found === null) return null;
    const status = states[found.state] ?? found.state;
    return found.state === 'succeeded' ? { status, result: selected(member, found) } : { status };
  },
} satisfies OwnAction<Members>;
