import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { placeFile } from '../../core/files/place-file.ts';
import { RecordingsQuota, type FolderLimits } from '../../core/files/recordings-quota.ts';
import { WorkFolder } from '../../core/files/work-folder.ts';
import { failure, refusal, RepriseError } from '../../core/problems/errors.ts';
import { durationMs } from '../../core/time/duration.ts';
import type { Config, ConvertParams, ConvertResult, CutParams } from '../../schemas/types.ts';
import type { ConversionOrder, ConversionReply } from './conversion-thread.ts';
import type { ConvertReport, ConvertRequest } from '../files/convert-request.ts';
import type { RecordingsFolder } from './recordings-folder.ts';

/** What a task asks for; `job` is the task's name for the conversion. */
type ConversionRequest = { job: string } & ConvertParams & Partial<Pick<CutParams, 'start' | 'end'>>;

interface RunningConversion {
  ending: AbortController;
  done: Promise<unknown>;
  /** The share that is done, 0 to 1. */
  share: number;
}

const JOB = /^[A-Za-z0-9-]{1,64}$/;

/**
 * Converts recordings of the folder, each on a thread of its own so that replays stay on time. The new recording gets its
 * name when it is complete.
 */
export class Conversions {
  readonly #channels: Config['channels'];
  readonly #plugins: string[];
  readonly #folder: string;
  readonly #recordings: RecordingsFolder;
  readonly #quota: RecordingsQuota;
  readonly #running = new Map<string, RunningConversion>();

  constructor(parts: {
    channels: Config['channels'];
    plugins: string[];
    folder: string;
    recordings: RecordingsFolder;
    limits: FolderLimits;
  }) {
    this.#channels = parts.channels;
    this.#plugins = parts.plugins;
    this.#folder = parts.folder;
    this.#recordings = parts.recordings;
    this.#quota = new RecordingsQuota(parts.folder, parts.limits);
  }

  /** The verbs for core/requests. */
  get verbs() {
    return {
      convert: (request: ConversionRequest) => this.convert(request),
      progress: ({ job }: { job: string }) => Promise.resolve(this.#running.get(job)?.share ?? null),
      abandon: ({ job }: { job: string }) => this.abandon(job),
    };
  }

  /** @throws refusal where a recording is missing, the name is taken, or nothing would be written */
  async convert({ job, ...request }: ConversionRequest): Promise<ConvertResult> {
    if (!JOB.test(job)) throw refusal('job_name', 'This is not a valid name of a conversion.');
    const running: RunningConversion = { ending: new AbortController(), done: Promise.resolve(), share: 0 };
    const done = this.#write(job, request, running);
    running.done = done;
    this.#running.set(job, running);
    return done.finally(() => this.#running.delete(job));
  }

  /** Ends a conversion and removes what it has written. */
  async abandon(job: string): Promise<void> {
    const { ending, done } = this.#running.get(job) ?? {};
    ending?.abort();
    await done?.catch(() => {});
  }

  /** Ends all conversions. */
  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((job) => this.abandon(job)));
  }

  async #write(
    job: string,
    { recording, to, ...how }: Omit<ConversionRequest, 'job'>,
    running: RunningConversion,
  ): Promise<ConvertResult> {
    const { id, offset, ...options } = typeof recording === 'string' ? { id: recording } : recording;
    const input = this.#recordings.path(id);
    // The id may name a recording in an archive.
    if (!(await stat(join(this.#folder, id.split('/', 1)[0]!)).catch(() => null)))
      throw refusal('recording_unknown', `No recording "${id}".`, {
        hint: 'GET /api/v1/recordings lists them.',
      });
    const offsetMs = offset === undefined ? 0 : durationMs(offset, 'offset', { mayBeNegative: true });
    const out = this.#recordings.newPath(to);
    await this.#quota.room(null);
    const folder = await WorkFolder.create(this.#folder, 'converting', job);
    try {
      const part = join(folder.path, to);
      const { compression, ...range } = how;
      const request: ConvertRequest = {
        inputs: [input],
        out: part,
        ...range,
        options: { ...options, offsetMs, channels: this.#channels },
        ...(compression !== undefined && { compression: compression === 'none' ? '' : compression }),
      };
      const order = { request, plugins: this.#plugins };
      const report = await onThread(order, folder.path, running);
      if ((await stat(part)).size > (await this.#quota.room(null))) throw this.#quota.full();
      if (!(await placeFile(part, out))) this.#recordings.newPath(to);
      return resultOf(to, report);
    } finally {
      await folder.remove();
    }
  }
}

/** `temporary`: the folder for its temporary files, because a thread that is ended can't remove them. */
function onThread(
  order: ConversionOrder,
  temporary: string,
  running: RunningConversion,
): Promise<ConvertReport> {
  const { signal } = running.ending;
  const ended = () => failure('conversion_abandoned', 'The conversion was ended.');
  if (signal.aborted) throw ended();
  const worker = new Worker(new URL('conversion-thread.mjs', import.meta.url), {
    workerData: order,
    // eslint-disable-next-line no-restricted-properties -- handed on, not read
    env: { ...process.env, TMPDIR: temporary },
  });
  signal.addEventListener('abort', () => void worker.terminate(), { once: true });
  return new Promise((resolve, reject) => {
    worker.on('message', (reply: ConversionReply) => {
      if ('share' in reply) {
        running.share = reply.share;
        return;
      }
      if ('report' in reply) resolve(reply.report);
      else reject(RepriseError.fromProblem(reply.problem));
      // Ends the threads that still read for it.
      void worker.terminate();
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(ended()));
  });
}

const resultOf = (recording: string, report: ConvertReport): ConvertResult => {
  const { out: _, refusals, ...counts } = report;
  return {
    recording,
    ...counts,
    refusals: refusals.map(({ line, reason }) => ({ line, reason })),
  };
};
