import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { failure, refusal, RepriseError } from '../../core/problems/errors.ts';
import { durationMs } from '../../core/time/duration.ts';
import type { Config, ConvertParams, ConvertResult, CutParams } from '../../schemas/types.ts';
import type { ConversionOrder, ConversionReply } from './conversion-thread.ts';
import type { ConvertReport, ConvertRequest } from '../files/convert-request.ts';

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
  readonly #path: (id: string) => string;
  readonly #running = new Map<string, RunningConversion>();

  /** `path` answers the file of a recording, and throws a refusal for a name that is not valid. */
  constructor(parts: {
    channels: Config['channels'];
    plugins: string[];
    folder: string;
    path: (id: string) => string;
  }) {
    this.#channels = parts.channels;
    this.#plugins = parts.plugins;
    this.#folder = parts.folder;
    this.#path = parts.path;
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
    const done = this.#write(join(this.#folder, `.converting-${job}`), request, running);
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
    folder: string,
    { recording, to, ...how }: Omit<ConversionRequest, 'job'>,
    running: RunningConversion,
  ): Promise<ConvertResult> {
    const { id, offset, ...options } = typeof recording === 'string' ? { id: recording } : recording;
    const input = this.#path(id);
    const out = this.#path(to);
    // The id may name a recording in an archive.
    if (!(await stat(join(this.#folder, id.split('/', 1)[0]!)).catch(() => null)))
      throw refusal('recording_unknown', `No recording "${id}".`, {
        hint: 'GET /api/v1/recordings lists them.',
      });
    const offsetMs = offset === undefined ? 0 : durationMs(offset, 'offset', { mayBeNegative: true });
    const isFree = async () => {
      if (await stat(out).catch(() => null))
        throw refusal('recording_exists', `There is a recording "${to}" already.`, {
          hint: 'Choose another name.',
        });
    };
    await isFree();
    try {
      // A process that was killed during this job may have left something.
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      const part = join(folder, to);
      const { compression, ...range } = how;
      const request: ConvertRequest = {
        inputs: [input],
        out: part,
        ...range,
        options: { ...options, offsetMs, channels: this.#channels },
        ...(compression !== undefined && { compression: compression === 'none' ? '' : compression }),
      };
      const report = await onThread({ request, plugins: this.#plugins }, running);
      await isFree();
      await rename(part, out);
      return resultOf(to, report);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

function onThread(order: ConversionOrder, running: RunningConversion): Promise<ConvertReport> {
  const { signal } = running.ending;
  const ended = () => failure('conversion_abandoned', 'The conversion was ended.');
  if (signal.aborted) throw ended();
  const worker = new Worker(new URL('conversion-thread.mjs', import.meta.url), { workerData: order });
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
