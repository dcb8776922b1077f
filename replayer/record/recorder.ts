import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Redis } from '../../core/redis/connection.ts';
import { sentence } from '../../core/problems/errors.ts';
import { Wiretap } from '../../core/redis/wiretap.ts';
import { canHold } from '../mcap/format/bytes.ts';
import { isMcapName, type RecordSink } from './mcap-sink.ts';
import { BareSinceEvents, publishedMessage } from './bare-messages.ts';
import { wireMessage, type WireMessage } from './wire-message.ts';

/** Why a recording ended. */
export type StopReason = 'asked' | 'duration' | 'messages' | 'size' | 'disk' | 'full' | 'failed';

export interface RecorderOptions {
  /** Redis patterns of the channels to record. */
  patterns: string[];
  /** Path of the recording. The recorder stops before its file system is full. */
  path: string;
  stopAfter?: { durationMs?: number; messages?: number; bytes?: number };
  /** Bound on the size of the files. */
  maxDiskBytes?: number;
}

export interface RecorderCounts {
  messages: number;
  /** Messages that were recorded and are in no file, because it could not be written. */
  unwritten: number;
  /** Messages that were not heard, but found in the log. */
  filled: number;
  /** Messages that were neither heard nor in the log any more. */
  lost: number;
}

/** The channel and epoch in which events are missing, and roughly when they were sent, epoch ms. */
interface Gap {
  channel: string;
  epoch: number;
  timeMs: number;
}

/** The channel of the events that report lost messages. */
const GAPS_CHANNEL = 'reprise.gaps';
const FLUSH_MS = 1_000;
/** With less room than this on the disk a recording ends, while its file can still be completed. */
const FREE_MIN_BYTES = 100_000_000;
/** The same for small disks, as a share of them. */
const FREE_MIN_SHARE = 0.1;
const NO_ROOM = 'The disk has hardly any room left.';
/** How many events of a gap are fetched at once. */
const FILL_EVENTS = 1_000;

/**
 * Records the messages of channels byte for byte. After a second at most a message is with the kernel, and survives this
 * process. A gap in a channel's offsets is filled from the channel's log; an event reports what the log no longer has.
 */
export class Recorder {
  readonly counts: RecorderCounts = { messages: 0, unwritten: 0, filled: 0, lost: 0 };
  /** How many events are in MCAP at the time at which they were heard, because MCAP can't hold their own. */
  atTimeHeard = 0;
  readonly channels = new Set<string>();
  /** Settles with the reason when the recording has ended and is completely written. */
  readonly ended: Promise<StopReason>;
  /** The error that ended the recording; null for none. */
  error: string | null = null;
  readonly #sink: RecordSink;
  readonly #options: RecorderOptions;
  readonly #positions = new Map<string, { epoch: number; offset: number; timeMs: number }>();
  readonly #isMcap: boolean;
  readonly #startedMs = Date.now();
  #tap!: Wiretap;
  /** The messages that are not events and were heard since the last event of their channel. */
  readonly #bare = new BareSinceEvents();
  #heard: WireMessage[] = [];
  #working: Promise<void> = Promise.resolve();
  #stopped: StopReason | null = null;
  #end!: (reason: StopReason) => void;
  #timer: NodeJS.Timeout | undefined;

  private constructor(sink: RecordSink, options: RecorderOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#isMcap = isMcapName(options.path);
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** Starts recording; when the promise settles, the recorder listens. */
  static async start(redis: Redis, sink: RecordSink, options: RecorderOptions): Promise<Recorder> {
    const recorder = new Recorder(sink, options);
    recorder.#tap = await Wiretap.start(redis, options.patterns, (channel, bytes) => {
      if (recorder.#stopped) return;
      recorder.#heard.push(wireMessage(channel, bytes, Date.now()));
      if (recorder.#heard.length === 1) recorder.#work();
    });
    recorder.#timer = setInterval(() => recorder.#work(true), FLUSH_MS);
    return recorder;
  }

  /** Ends the recording: what was heard is written, and gaps at the end are filled. */
  stop(reason: StopReason = 'asked'): void {
    if (this.#stopped) return;
    this.#stopped = reason;
    clearInterval(this.#timer);
    this.#working = this.#working.then(() => this.#finish());
  }

  /** Runs `work` once all messages heard before are in the sink. If `work` fails, the recording goes on. */
  afterHeard<T>(work: () => Promise<T>): Promise<T> {
    const taken = this.#working.then(() => this.#take());
    const done = taken.then(work);
    this.#working = taken
      .then(() => Promise.allSettled([done]))
      .then(
        () => {},
        (error: unknown) => this.#fail(error),
      );
    return done;
  }

  /** Queues the next round of work. Rounds run one at a time, so that filling a gap does not change the order. */
  #work(flush = false): void {
    this.#working = this.#working
      .then(async () => {
        await this.#take();
        if (flush) await this.#sink.flush();
        await this.#guard(flush);
      })
      .catch((error: unknown) => this.#fail(error));
  }

  async #take(): Promise<void> {
    while (this.#heard.length > 0) {
      const heard = this.#heard;
      this.#heard = [];
      for (const message of heard) {
        await this.#follow(message);
        this.#write(message);
        if (this.#sink.full) await this.#sink.flush();
        const { messages = Infinity } = this.#options.stopAfter ?? {};
        if (this.counts.messages >= messages) return this.stop('messages');
      }
    }
  }

  #write(message: WireMessage): void {
    this.channels.add(message.channel);
    this.counts.messages++;
    if (this.#isMcap && !canHold(message.timeMs)) this.atTimeHeard++;
    this.#sink.add(message);
  }

  /** Fills the gap between the channel's last event and this one, if any. */
  async #follow({ channel, event, timeMs, bytes }: WireMessage): Promise<void> {
    if (!event && this.#positions.has(channel)) this.#bare.heard(channel, bytes);
    if (!event || event.epoch === 0) return;
    const { epoch, offset } = event;
    const before = this.#positions.get(channel);
    if (before && (epoch < before.epoch || (epoch === before.epoch && offset <= before.offset))) return;
    this.#positions.set(channel, { epoch, offset, timeMs });
    if (!before) return;
    const from = epoch === before.epoch ? before.offset + 1 : 1;
    await this.#fill({ channel, epoch, timeMs }, from, offset - 1);
    this.#bare.forget(channel);
  }

  async #fill(gap: Gap, from: number, to: number): Promise<void> {
    const { channel, epoch } = gap;
    for (let at = from; at <= to;) {
      const end = Math.min(to, at + FILL_EVENTS - 1);
      for (const { offset, event } of await this.#tap.logged(channel, epoch, at, end)) {
        if (offset > at) this.#reportLost(gap, at, offset - 1);
        at = offset + 1;
        const message = publishedMessage(channel, event, Date.now());
        // What a replay published bare has no offset, so that it is missing among those that were heard.
        if (message.event === null && this.#bare.has(channel, message.bytes)) continue;
        this.counts.filled++;
        this.#write(message);
      }
      if (at <= end) this.#reportLost(gap, at, end);
      at = end + 1;
      if (this.#sink.full) await this.#sink.flush();
    }
  }

  #reportLost({ channel, epoch, timeMs }: Gap, from: number, to: number): void {
    this.counts.lost += to - from + 1;
    const lost = { channel, epoch, from, to, reason: 'neither heard nor in the log' };
    const bytes = Buffer.from(JSON.stringify(lost));
    this.#sink.add({
      channel: GAPS_CHANNEL,
      bytes,
      heardMs: Date.now(),
      timeMs,
      event: null,
      encoding: null,
    });
  }

  /** Stops the recording where a limit is reached. */
  async #guard(checkDisk: boolean): Promise<void> {
    const { stopAfter = {}, maxDiskBytes = Infinity, path } = this.#options;
    const { bytes } = this.#sink;
    if (bytes >= (stopAfter.bytes ?? Infinity)) this.stop('size');
    else if (Date.now() - this.#startedMs >= (stopAfter.durationMs ?? Infinity)) this.stop('duration');
    else if (bytes >= maxDiskBytes) this.stop('disk');
    else if (checkDisk) {
      const { bavail, blocks, bsize } = await statfs(dirname(path));
      const leastBytes = Math.min(FREE_MIN_BYTES, FREE_MIN_SHARE * blocks * bsize);
      if (bavail * bsize < leastBytes) this.#fail(new Error(NO_ROOM), 'full');
    }
  }

  async #finish(): Promise<void> {
    try {
      if (this.#stopped === 'failed') await this.#endFailed();
      else {
        if (this.#stopped === 'asked' || this.#stopped === 'duration') {
          await this.#take();
          await this.#catchUp();
        }
        await this.#sink.end();
      }
    } catch (error) {
      this.error = sentence(error);
      this.#stopped = 'failed';
      await this.#endFailed();
    }
    this.#tap.close();
    this.#end(this.#stopped!);
  }

  /** Fills gaps behind the last events heard: only the heads of the channels show those. */
  async #catchUp(): Promise<void> {
    for (const [channel, { epoch, offset, timeMs }] of this.#positions) {
      const head = await this.#tap.head(channel).catch(() => ({ epoch: 0, offset: 0 }));
      const from = head.epoch === epoch ? offset + 1 : 1;
      if (head.epoch >= epoch) await this.#fill({ channel, epoch: head.epoch, timeMs }, from, head.offset);
    }
  }

  /** Completes the file as far as that is possible, and counts what is in it. */
  async #endFailed(): Promise<void> {
    await this.#sink.endAfterFailure();
    const { counts } = this;
    counts.unwritten = counts.messages + this.#heard.length - this.#sink.written;
    counts.messages = this.#sink.written;
  }

  #fail(error: unknown, reason: StopReason = 'failed'): void {
    this.error = sentence(error);
    this.stop(reason);
  }
}
