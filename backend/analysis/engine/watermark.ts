import type { CloudEvent } from '../../../core/wire/event.ts';

/** So far ahead of the others a time may be before it needs a second witness. */
const AHEAD_MS = 60_000;
/** So many events in a row of one subject are witness enough: the others may be gone. */
const IN_A_ROW = 10;

/** What is kept of it between runs. */
export interface WatermarkState {
  timeMs: number | null;
  ahead: { subject: string; timeMs: number; count: number } | null;
  /** Of processes that share a service and write the channel together: by service and count, one after the other. */
  families?: { [family: string]: (WatermarkState | null)[] };
}

/** One of the processes that share a service: `source` of its events, and which of how many it is. */
export interface SourcePartition {
  source: string;
  index: number;
  count: number;
}

/**
 * The event time before which no event is expected any more. A replay's events come in the order of its timeline: there it
 * is the time of the last. On a live channel a subject's clock may be wrong: a time far ahead of the watermark counts once
 * another subject has been there too, so that one fast clock does not make all others late (sql-flow issue 358). Where
 * processes that share a service write a channel, each keeps its own order, and the slowest counts. It depends on the
 * events alone, and never falls.
 */
export class Watermark {
  #timeMs = -Infinity;
  #ahead: WatermarkState['ahead'] = null;
  /** `<count> <source>` -> those of its parts. */
  #families = new Map<string, (Watermark | null)[]>();

  get timeMs(): number {
    return this.#timeMs;
  }

  /** Sees the next event of the log. */
  see(event: Pick<CloudEvent, 'subject' | 'replay' | 'source' | 'partition'>, timeMs: number): void {
    const [index = 0, count = 0] = event.partition?.split('/').map(Number) ?? [];
    if (!(index >= 1 && index <= count)) return this.#see(event, timeMs);
    this.#ofPart({ source: event.source, index, count }, (part) => part.#see(event, timeMs));
  }

  /** It is known otherwise that no earlier event will come. */
  advance(timeMs: number): void {
    if (timeMs > this.#timeMs) this.#timeMs = timeMs;
  }

  /** The same of one part. */
  advancePart(part: SourcePartition, timeMs: number): void {
    this.#ofPart(part, (own) => own.advance(timeMs));
  }

  /** All parts that it waits for: those that share a service with one that was seen. */
  get parts(): SourcePartition[] {
    return Array.from(this.#families, ([family, parts]) => {
      const source = family.slice(family.indexOf(' ') + 1);
      return parts.map((_, i) => ({ source, index: i + 1, count: parts.length }));
    }).flat();
  }

  get state(): WatermarkState {
    const own = { timeMs: this.#timeMs === -Infinity ? null : this.#timeMs, ahead: this.#ahead };
    if (this.#families.size === 0) return own;
    const states = (parts: (Watermark | null)[]) => parts.map((part) => part && part.state);
    const families = Array.from(this.#families, ([family, parts]) => [family, states(parts)] as const);
    return { ...own, families: Object.fromEntries(families) };
  }

  set state({ timeMs, ahead, families = {} }: WatermarkState) {
    this.#timeMs = timeMs ?? -Infinity;
    this.#ahead = ahead;
    this.#families = new Map();
    for (const [family, states] of Object.entries(families)) this.#families.set(family, states.map(restored));
  }

  #see({ subject, replay }: Pick<CloudEvent, 'subject' | 'replay'>, timeMs: number): void {
    const ahead = this.#ahead;
    if (replay !== undefined || this.#timeMs === -Infinity || timeMs - this.#timeMs <= AHEAD_MS) {
      this.advance(timeMs);
      // Its clock is right again; or the others are still there.
      if (ahead?.subject === subject) this.#ahead = null;
      else if (ahead) ahead.count = 0;
      return;
    }
    if (ahead && ahead.subject !== subject) {
      this.#timeMs = Math.min(ahead.timeMs, timeMs);
      this.#ahead = null;
    } else if (ahead && ahead.count + 1 >= IN_A_ROW) {
      this.#timeMs = timeMs;
      this.#ahead = null;
    } else this.#ahead = { subject, timeMs, count: (ahead?.count ?? 0) + 1 };
  }

  /** Tells a part something; all have come as far as the slowest of them. */
  #ofPart({ source, index, count }: SourcePartition, tell: (part: Watermark) => void): void {
    const family = `${count} ${source}`;
    let parts = this.#families.get(family);
    if (!parts) this.#families.set(family, (parts = new Array<null>(count).fill(null)));
    tell((parts[index - 1] ??= new Watermark()));
    let slowestMs = Infinity;
    for (const part of parts) slowestMs = Math.min(slowestMs, part ? part.timeMs : -Infinity);
    this.advance(slowestMs);
  }
}

function restored(state: WatermarkState | null): Watermark | null {
  if (!state) return null;
  const watermark = new Watermark();
  watermark.state = state;
  return watermark;
}
