import type { Job } from 'bullmq';
import { failure, refusal, RepriseError, sentence } from '../../core/problems/errors.ts';
import { explain, paramsAjv, schemas } from '../../schemas/index.ts';
import type { Problem, Task } from '../../schemas/types.ts';

/** The data of a task in BullMQ. Only the API writes them, so that no process overwrites another's change. */
export interface JobData {
  params: { [name: string]: unknown };
  prepared: unknown;
  canceledMs?: number;
}

export type TaskJob = Job<JobData, { [member: string]: unknown }>;

/** Kinds that read the one channel of their parameters, and write none. */
const OF_ONE_CHANNEL = ['average-speed', 'course'];

/** The channels that a task reads; null: it may use any. */
export function taskChannels({ kind, params }: Pick<Task, 'kind' | 'params'>): string[] | null {
  const { channel } = params as { channel?: unknown };
  return OF_ONE_CHANNEL.includes(kind) && typeof channel === 'string' ? [channel] : null;
}

/** The schemas of the parameters and the result of a kind. */
export function kindSchemas(kind: string): { params: object; result: object; description?: string } {
  const { properties, description } = schemas.get(`tasks/${kind}`) as {
    properties: { params: object; result: object };
    description?: string;
  };
  return { ...properties, description };
}

/** The parameters with defaults filled in. @throws refusal `task_params` */
export function checkParams(kind: string, given: object): { [name: string]: unknown } {
  const params = structuredClone(given) as { [name: string]: unknown };
  const validate = paramsAjv.compile(kindSchemas(kind).params);
  if (validate(params)) return params;
  throw refusal(
    'task_params',
    `The parameters of ${kind} are not valid: ${explain(validate.errors, params)}.`,
    {
      hint: 'GET /api/v1/tasks/kinds describes them.',
      errors: validate.errors!.map(({ instancePath, message, params: { missingProperty } }) => ({
        pointer: `#/params${instancePath}${missingProperty ? `/${String(missingProperty)}` : ''}`,
        detail: message ?? 'is not valid',
      })),
    },
  );
}

/** The task that a job stands for, as the API shows it. */
export function taskOf(job: TaskJob): Task {
  const { params, canceledMs } = job.data;
  const state = stateOf(job);
  const finishedMs = canceledMs ?? job.finishedOn;
  const problem = state === 'failed' ? failedProblem(job.failedReason ?? 'It failed.') : null;
  return {
    id: job.id!,
    kind: job.name,
    params,
    state,
    progress: state === 'succeeded' ? 1 : typeof job.progress === 'number' ? job.progress : 0,
    ...(state === 'succeeded' && { result: job.returnvalue }),
    error: problem && sentence(RepriseError.fromProblem(problem)),
    ...(problem && { problem }),
    created: iso(job.timestamp)!,
    started: iso(job.processedOn),
    finished: iso(finishedMs),
  };
}

/** What made a task fail, as BullMQ keeps it: the text of a problem document. */
export function failedReason(thrown: unknown): string {
  const error = thrown instanceof RepriseError ? thrown : failure('task_failed', sentence(thrown));
  return JSON.stringify(error.toProblem());
}

/** The problem in the reason of a failed job; BullMQ itself and older releases leave a sentence. */
export function failedProblem(reason: string): Problem {
  try {
    return JSON.parse(reason) as Problem;
  } catch {
    return failure('task_failed', reason).toProblem();
  }
}

function stateOf(job: TaskJob): Task['state'] {
  if (job.data.canceledMs !== undefined) return 'canceled';
  if (job.finishedOn) return job.failedReason ? 'failed' : 'succeeded';
  return job.processedOn ? 'running' : 'queued';
}

/** Parses a published task; null if it is not JSON, since any program may publish. */
export function parseTask(text: string): Task | null {
  try {
    return JSON.parse(text) as Task | null;
  } catch {
    return null;
  }
}

/** Whether the task has ended. */
export function isFinal({ state }: Task): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'canceled';
}

function iso(ms: number | undefined): string | null {
  return ms === undefined || ms === null ? null : new Date(ms).toISOString();
}
