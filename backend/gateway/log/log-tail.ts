import { comparePositions, type Position } from '../../../core/wire/event.ts';
import { between, published, type Stretch } from './log-slice.ts';

/** Keeps what comes after a position until it is released. */
export interface Hold {
  release(): void;
}

/**
 * The last of a channel's log, once for all clients: each of them is a position in it, so a client that waits costs
 * nothing of its own. Goes without a hole from `start` to `head`.
 */
export class Tail {
  /** Everything after this is here. */
  start: Position;
  /** Of the last event. */
  head: Position;
  /** Events that ever came, those that were lost before too. */
  published = 0;
  bytes = 0;
  readonly #stretches: Stretch[] = [];
  readonly #holds = new Set<Position>();
  /** Whether the last stretch may grow: nobody has looked at it. */
  #grows = false;

  constructor(head: Position) {
    this.start = head;
    this.head = head;
  }

  append(stretch: Stretch): void {
    const { epoch, from, to, lost } = stretch;
    if (comparePositions({ epoch, offset: to }, this.head) <= 0) return;
    const last = this.#stretches.at(-1);
    if (this.#grows && last?.epoch === epoch && lost === 0 && last.to + 1 === from) {
      last.to = to;
      for (const entry of stretch.entries) last.entries.push(entry);
      last.bytes += stretch.bytes;
    } else this.#stretches.push({ ...stretch, entries: [...stretch.entries] });
    this.#grows = true;
    this.head = { epoch, offset: to };
    this.published += published(stretch);
    this.bytes += stretch.bytes;
  }

  /** What lies after one position and not after another. `after` must not be before `start`. */
  after(position: Position, until?: Position): Stretch[] {
    this.#grows = false;
    let first = this.#stretches.length;
    while (first > 0 && comparePositions(endOf(this.#stretches[first - 1]!), position) > 0) first--;
    return this.#stretches.slice(first).flatMap((stretch) => between(stretch, position, until) ?? []);
  }

  /** Events that came after a position. */
  publishedAfter(position: Position): number {
    return this.after(position).reduce((sum, stretch) => sum + published(stretch), 0);
  }

  /** Whether everything after this position is here. */
  covers(position: Position): boolean {
    return comparePositions(position, this.start) >= 0;
  }

  /** Keeps what comes after the position, or from now on. */
  hold(position: Position = this.head): Hold {
    const at = { ...position };
    this.#holds.add(at);
    return { release: () => void this.#holds.delete(at) };
  }

  /** Lets go of the first stretch, if nobody holds it and `wanted` does not want it kept; answers it. */
  shift(isKept: (end: Position) => boolean): Stretch | null {
    const first = this.#stretches[0];
    if (!first) return null;
    const end = endOf(first);
    for (const held of this.#holds) if (comparePositions(end, held) > 0) return null;
    if (isKept(end)) return null;
    this.#stretches.shift();
    this.start = end;
    this.bytes -= first.bytes;
    return first;
  }
}

const endOf = ({ epoch, to }: Stretch): Position => ({ epoch, offset: to });
