import { comparePositions, positionText, type Position } from '../../../core/wire/event.ts';

/** Checkpoint entries of suspicions begin with this; see `keys.checkpoint`. */
export const SUSPICION_PREFIX = '!';

/** The fields of a checkpoint that count suspicions, each with its places `$0`, `$1` ... for the numbers that describe the work. */
export const suspicionFields = {
  /** Epoch and offset of an event. */
  event: `${SUSPICION_PREFIX}$0-$1`,
  /** Epoch, event time, and the hash of key and name of a timer. */
  timer: `${SUSPICION_PREFIX}$0~$1~$2`,
  /** Epoch, first and last offset of events whose results were written together. */
  batch: `${SUSPICION_PREFIX}$0-$1:$2`,
  /** Epoch and offset of an event that a careful run is about to work on. */
  ahead: `${SUSPICION_PREFIX}$0-$1?`,
} as const;

/** How often something broke the time budget, how often the process died of it, and the fields that count both. */
export interface Suspicion {
  tries: number;
  deaths: number;
  fields: readonly string[];
}

const NONE: Suspicion = { tries: 0, deaths: 0, fields: [] };

/** Events whose results were written together when that failed or broke the budget. */
interface Batch {
  epoch: number;
  to: number;
  /** The field that counts it; null: this process knows it. */
  field: string | null;
}

/** What broke the time budget of a service in earlier runs, from its checkpoint; and what this process found itself. */
export class Suspicions {
  /** By `<epoch>-<offset>` or `<epoch>~<event time>~<hash>`. */
  readonly #found = new Map<string, Suspicion>();
  #batches: Batch[] = [];
  /** Events of which this process knows that their results can't be written: id -> reason. */
  readonly #blamed = new Map<string, string>();
  /** Fields that the next commit deletes. */
  #settled: string[] = [];

  /**
   * Takes over the fields of a checkpoint, field -> count.
   * @param at the position of the checkpoint: what it has passed is settled
   */
  load(fields: ReadonlyMap<string, string>, at: Position): void {
    this.#found.clear();
    this.#batches = this.#batches.filter(({ field }) => field === null);
    this.#settled = [];
    for (const [field, count] of fields) this.#load(field, Number(count), at);
  }

  /** Whether nothing is suspected. */
  get isEmpty(): boolean {
    return this.#found.size + this.#batches.length + this.#settled.length + this.#blamed.size === 0;
  }

  /** What is suspected, for the log. */
  get ids(): string[] {
    return [...this.#found.keys()];
  }

  /** What an event or a timer is suspected of. From now on it is settled. */
  settle(id: string): Suspicion {
    const suspicion = this.#found.get(id);
    if (!suspicion) return NONE;
    this.#found.delete(id);
    this.#settled.push(...suspicion.fields);
    return suspicion;
  }

  /** A field of the checkpoint is written for an event that comes next; the commit of the event deletes it. */
  noteAhead(field: string): void {
    this.#settled.push(field);
  }

  /**
   * The results of events of one epoch can't be written. If it was a single event, it is known from now on; else the events
   * are written alone the next time.
   * @returns false if this is known already: leaving the event out did not help
   */
  blame(epoch: number, first: number, last: number, reason: string): boolean {
    const id = positionText({ epoch, offset: last });
    if (this.#blamed.has(id)) return false;
    if (first === last) this.#blamed.set(id, reason);
    else this.#batches.push({ epoch, to: last, field: null });
    return true;
  }

  /** Why the results of an event can't be written; null if they can, as far as is known. */
  blameOf(id: string): string | null {
    return this.#blamed.get(id) ?? null;
  }

  /** Whether an event belongs to a suspected batch: then its results must be written alone. */
  isInBatch({ epoch, offset }: Position): boolean {
    return this.#batches.some((batch) => batch.epoch === epoch && offset <= batch.to);
  }

  /**
   * The changes of the checkpoint with the next commit: field -> count, '' deletes it.
   * @param to the position of the commit
   * @param isFirst whether the commit deletes all older entries
   */
  changes(to: Position, isFirst: boolean): Map<string, string> {
    const changes = new Map<string, string>();
    if (this.isEmpty) return changes;
    const passed = ({ epoch, to: offset }: Batch) => comparePositions({ epoch, offset }, to) <= 0;
    for (const id of this.#found.keys()) if (isPassed(id, to)) this.settle(id);
    for (const { field } of this.#batches.filter(passed)) if (field) this.#settled.push(field);
    for (const field of this.#settled) changes.set(field, '');
    this.#settled = [];
    this.#batches = this.#batches.filter((batch) => !passed(batch));
    for (const id of this.#blamed.keys()) if (isPassed(id, to)) this.#blamed.delete(id);
    if (!isFirst) return changes;
    for (const [id, { tries, deaths }] of this.#found) {
      if (tries > 0) changes.set(SUSPICION_PREFIX + id, String(tries));
      if (deaths > 0) changes.set(`${SUSPICION_PREFIX}${id}?`, String(deaths));
    }
    for (const { field } of this.#batches) if (field) changes.set(field, '1');
    return changes;
  }

  #load(field: string, count: number, at: Position): void {
    const [, epoch, first, last, ahead] = /^!(\d+)-(\d+)(?::(\d+)|(\?))?$/.exec(field) ?? [];
    const position = { epoch: Number(epoch), offset: Number(last ?? first) };
    if (epoch !== undefined && comparePositions(position, at) <= 0) this.#settled.push(field);
    else if (last !== undefined && last !== first)
      this.#batches.push({ epoch: position.epoch, to: position.offset, field });
    else {
      const id = epoch === undefined ? field.slice(SUSPICION_PREFIX.length) : positionText(position);
      this.#add(id, field, ahead ? { tries: 0, deaths: count } : { tries: count, deaths: 0 });
    }
  }

  #add(id: string, field: string, { tries, deaths }: Omit<Suspicion, 'fields'>): void {
    const known = this.#found.get(id) ?? NONE;
    this.#found.set(id, {
      tries: known.tries + tries,
      deaths: known.deaths + deaths,
      fields: [...known.fields, field],
    });
  }
}

/** Whether a position has passed an event, or the epoch of a timer. */
function isPassed(id: string, to: Position): boolean {
  const [epoch, offset] = id.split(/[-~]/).map(Number);
  const at = { epoch: epoch!, offset: id.includes('~') ? Infinity : offset! };
  return comparePositions(at, to) <= 0;
}
