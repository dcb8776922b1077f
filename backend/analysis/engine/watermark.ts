import type { CloudEvent } from '../../../core/wire/event.ts';

/** A time that is further ahead than this needs a second subject to confirm it. */
const AHEAD_MS = 60_000;
/** This many events in a row of one subject confirm its time: the other subjects may be gone. */
const CONFIRMING_EVENTS = 10;

/** The watermark in a checkpoint. */
export interface WatermarkState {
  timeMs: number | null;
  ahead: { subject: string; timeMs: number; count: number } | null;
  /** Partitions that write the channel together: `<count> <source>` -> their watermarks in order. */
  families?: { [family: string]: (WatermarkState | null)[] };
}

/** One of the partitions of a service that write a channel together. */
export interface SourcePartition {
  /** `source` of its events. */
  source: string;
  index: number;
  count: number;
}

/**
 * The event time before which no event is expected any more. It depends on the events alone, and never falls.
 *
 * The events of a replay come in the order of its timeline, so the watermark is the time of the last one. On a live channel
 * the clock of a subject may be wrong: a time far ahead of the watermark counts only when another subject confirms it, so
 * that one fast clock does not make all others late (sql-flow issue 358). If partitions of a service write the channel
 * together, each keeps its own order, and the slowest partition determines the watermark.
 */
export class Watermark {
  #timeMs = -Infinity;
  #ahead: WatermarkState['ahead'] = null;
  /** `<count> <source>` -> the watermarks of its partitions. */
  #families = new Map<string, (Watermark | null)[]>();

  get timeMs(): number {
    return this.#timeMs;
  }

  /** Moves the watermark by the next event of the log. */
  observe(event: Pick<CloudEvent, 'subject' | 'replay' | 'source' | 'partition'>, timeMs: number): void {
    const [index = 0, count = 0] = event.partition?.split('/').map(Number) ?? [];
    if (!(index >= 1 && index <= count)) return this.#observe(event, timeMs);
    this.#updatePartition({ source: event.source, index, count }, (partition) =>
      partition.#observe(event, timeMs),
    );
  }

  /** No event before this time will come any more, epoch ms. */
  advance(timeMs: number): void {
    if (timeMs > this.#timeMs) this.#timeMs = timeMs;
  }

  /** No event before this time will come any more from one partition, epoch ms. */
  advancePartition(partition: SourcePartition, timeMs: number): void {
    this.#updatePartition(partition, (own) => own.advance(timeMs));
  }

  /** The partitions that it waits for: all partitions of each service that has written to the channel. */
  get partitions(): SourcePartition[] {
    return Array.from(this.#families, ([family, partitions]) => {
      const source = family.slice(family.indexOf(' ') + 1);
      return partitions.map((_, i) => ({ source, index: i + 1, count: partitions.length }));
    }).flat();
  }

  get state(): WatermarkState {
    const own = { timeMs: this.#timeMs === -Infinity ? null : this.#timeMs, ahead: this.#ahead };
    if (this.#families.size === 0) return own;
    const states = (partitions: (Watermark | null)[]) => partitions.map((each) => each && each.state);
    const families = Array.from(
      this.#families,
      ([family, partitions]) => [family, states(partitions)] as const,
    );
    return { ...own, families: Object.fromEntries(families) };
  }

  set state({ timeMs, ahead, families = {} }: WatermarkState) {
    this.#timeMs = timeMs ?? -Infinity;
    this.#ahead = ahead;
    this.#families = new Map();
    for (const [family, states] of Object.entries(families))
      this.#families.set(family, states.map(watermarkOf));
  }

  #observe({ subject, replay }: Pick<CloudEvent, 'subject' | 'replay'>, timeMs: number): void {
    const ahead = this.#ahead;
    if (replay !== undefined || this.#timeMs === -Infinity || timeMs - this.#timeMs <= AHEAD_MS) {
      this.advance(timeMs);
      // The clock of that subject is right again, or the other subjects are still there.
      if (ahead?.subject === subject) this.#ahead = null;
      else if (ahead) ahead.count = 0;
      return;
    }
    if (ahead && ahead.subject !== subject) {
      this.#timeMs = Math.min(ahead.timeMs, timeMs);
      this.#ahead = null;
    } else if (ahead && ahead.count + 1 >= CONFIRMING_EVENTS) {
      this.#timeMs = timeMs;
      this.#ahead = null;
    } else this.#ahead = { subject, timeMs, count: (ahead?.count ?? 0) + 1 };
  }

  /** Updates the watermark of a partition, then the common one: that of the slowest. */
  #updatePartition({ source, index, count }: SourcePartition, update: (partition: Watermark) => void): void {
    const family = `${count} ${source}`;
    let partitions = this.#families.get(family);
    if (!partitions) this.#families.set(family, (partitions = new Array<null>(count).fill(null)));
    update((partitions[index - 1] ??= new Watermark()));
    let slowestMs = Infinity;
    for (const partition of partitions)
      slowestMs = Math.min(slowestMs, partition ? partition.timeMs : -Infinity);
    this.advance(slowestMs);
  }
}

function watermarkOf(state: WatermarkState | null): Watermark | null {
  if (!state) return null;
  const watermark = new Watermark();
  watermark.state = state;
  return watermark;
}
