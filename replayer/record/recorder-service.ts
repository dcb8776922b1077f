import { basename, dirname, resolve } from 'node:path';
import { failure, refusal, sentence } from '../../core/problems/errors.ts';
import { keys } from '../../core/wire/keys.ts';
import { Presence, processInstance } from '../../core/redis/presence.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { Responder } from '../../core/redis/requests.ts';
import type { Recorder as RecorderDocument, Snapshot } from '../../schemas/types.ts';
import type { Recorder } from './recorder.ts';
import { RingBuffer } from './ring-buffer.ts';
import type { SplitFile } from './split-file.ts';

/** What the service reports on. */
interface Parts {
  redis: Redis;
  recorder: Recorder;
  sink: SplitFile | RingBuffer;
  patterns: string[];
  /** The folder that recordings are read from. */
  recordings: string;
}

/** Announces a recorder, and answers the requests of other processes to it, until it is closed. */
export class RecorderService {
  readonly id = processInstance('recorder');
  /** How many snapshots could not be written. */
  snapshotsFailed = 0;
  readonly #parts: Parts;
  readonly #started = new Date().toISOString();
  readonly #presence: Presence;
  readonly #responder: Responder;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#presence = new Presence(parts.redis, () => ({
      name: 'recorder',
      role: 'recorder',
      state: 'running',
      instance: this.id,
      pid: process.pid,
      started: this.#started,
      inputs: parts.patterns,
    }));
    this.#responder = new Responder(parts.redis, [`recorder:${this.id}`], {
      describe: async () => this.#document(),
      snapshot: () => this.snapshot(),
    });
  }

  /** Writes what the ring buffer holds to a file. @throws refusal `recorder_without_ring`, failure `snapshot_failed` */
  async snapshot(): Promise<Snapshot> {
    const { recorder, sink, recordings } = this.#parts;
    if (!(sink instanceof RingBuffer)) {
      throw refusal(
        'recorder_without_ring',
        `The recorder ${this.id} has no ring buffer: it writes everything.`,
        {
          hint: 'Start another one with --ring 60s.',
        },
      );
    }
    const { path, messages } = await recorder
      .afterHeard(() => sink.snapshot())
      .catch((cause: unknown) => {
        this.snapshotsFailed++;
        throw failure('snapshot_failed', `The snapshot can't be written: ${sentence(cause)}`, {
          hint: 'The recorder goes on. Check that its disk has room and that its folder still exists.',
          cause,
        });
      });
    const file = basename(path);
    const isRecording = dirname(resolve(path)) === recordings;
    return { recorder: this.id, file, messages, recording: isRecording ? file : null };
  }

  /** Ends the service. `error`: why the recording has failed, which is told for a day; null: it has not. */
  async close(error: string | null = null): Promise<void> {
    this.#responder.close();
    const { redis } = this.#parts;
    if (error !== null && redis.status === 'ready') {
      const last: RecorderDocument = { ...this.#document(), state: 'failed', error };
      last.ended = new Date().toISOString();
      await redis.hset(keys.failedRecorders, this.id, JSON.stringify(last)).catch(() => {});
    }
    await this.#presence.close();
  }

  #document(): RecorderDocument {
    const { recorder, sink, patterns } = this.#parts;
    return {
      id: this.id,
      state: 'recording',
      error: null,
      patterns,
      ringSeconds: sink instanceof RingBuffer ? sink.lengthMs / 1000 : null,
      started: this.#started,
      channels: [...recorder.channels],
      ...recorder.counts,
      bytes: sink.bytes,
      files: sink.paths.map((path) => basename(path)),
    };
  }
}
