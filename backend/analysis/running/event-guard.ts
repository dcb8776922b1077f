import { LoopWatch } from '../../../core/runtime/watch/loop-watch.ts';
import { positionText, type Position } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Refusal, TimerGuard } from '../engine/guard.ts';
import { suspicionFields, Suspicions } from './suspicions.ts';

/** The watch of this process, and the time that a service may take for one event. */
export interface EventBudget {
  watch: LoopWatch;
  /** 0: as much as it likes. */
  budgetMs: number;
}

/** Nothing is watched. */
export const NO_BUDGET: EventBudget = { watch: new LoopWatch(), budgetMs: 0 };

/** An event or a timer that has broken the budget this often is left out. */
const TRIES_MAX = 2;
/** Numbers of the activities, in the order in which the guard tells them to the watch. */
const [EVENT, TIMER, BATCH] = [0, 1, 2] as const;

export interface EventGuardParts extends EventBudget {
  service: string;
  /** Name of the partition that is run; the name of the service if it is not partitioned. */
  name: string;
  /** The input. */
  channel: string;
}

/**
 * Makes sure that no event stops a service for good. It tells the watch of the process what the service works on. The watch
 * counts in the checkpoint what broke the time budget, and ends the process. The next run finds the count there: it tries the
 * event once more, and after the second time it is a dead letter.
 */
export class EventGuard implements TimerGuard {
  readonly suspicions = new Suspicions();
  readonly #parts: EventGuardParts;
  readonly #owner: number;
  #position: Position = { epoch: 0, offset: 0 };
  #isInEvent = false;

  constructor(parts: EventGuardParts) {
    this.#parts = parts;
    const { watch, budgetMs, name, channel } = parts;
    const { event, timer, batch } = suspicionFields;
    this.#owner = watch.add({
      name: parts.service,
      client: keys.client('watch'),
      key: keys.checkpoint(name),
      limitMs: budgetMs,
      activities: [
        { field: event, text: `Service "${name}" has worked on the event ${channel}/$0/$1` },
        { field: timer, text: `Service "${name}" has worked on a timer in epoch $0 of ${channel}` },
        { field: batch, text: `Service "${name}" has written the results of ${channel}/$0/$1 to $2` },
      ],
      consequences: ['It is tried once more.', 'It becomes a dead letter.'],
    });
  }

  /** Takes over the suspicions of a checkpoint that stands at a position. Returns what is suspected. */
  load(fields: ReadonlyMap<string, string>, at: Position): string[] {
    this.endEvent();
    this.#position = { ...at };
    this.suspicions.load(fields, at);
    return this.suspicions.ids;
  }

  /** The service is about to get an event. Not null: it must not. */
  beginEvent(epoch: number, offset: number): Refusal | null {
    this.#position.epoch = epoch;
    this.#position.offset = offset;
    this.#isInEvent = true;
    this.#parts.watch.begin(this.#owner, EVENT, epoch, offset);
    if (this.suspicions.isEmpty) return null;
    const id = positionText(this.#position);
    const { tries, deaths } = this.suspicions.settle(id);
    const what = `the event ${this.#parts.channel}/${epoch}/${offset}`;
    if (tries >= TRIES_MAX) return this.refusal(what, tries);
    if (deaths >= TRIES_MAX) return this.#fatality(what, deaths);
    const reason = this.suspicions.blameOf(id);
    return reason === null ? null : { reason };
  }

  beginTimer(key: string, name: string, timeMs: number): Refusal | null {
    const { epoch } = this.#position;
    const hash = hashOf(key, name);
    this.#parts.watch.begin(this.#owner, TIMER, epoch, timeMs, hash);
    if (this.suspicions.isEmpty) return null;
    const { tries } = this.suspicions.settle(`${epoch}~${timeMs}~${hash}`);
    return tries < TRIES_MAX ? null : this.refusal(`the timer "${name}" of "${key}"`, tries);
  }

  endTimer(): void {
    if (!this.#isInEvent) return this.#parts.watch.end();
    const { epoch, offset } = this.#position;
    this.#parts.watch.begin(this.#owner, EVENT, epoch, offset);
  }

  /** The service has got the event. */
  endEvent(): void {
    this.#isInEvent = false;
    this.#parts.watch.end();
  }

  /** Results of the events from the offset `first` to a position are about to be written. */
  beginBatch(first: number, { epoch, offset }: Position): void {
    this.#parts.watch.begin(this.#owner, BATCH, epoch, first, offset);
  }

  /** The results are on their way. */
  endBatch(): void {
    this.#parts.watch.end();
  }

  /** The service runs no more. */
  close(): void {
    this.#parts.watch.remove(this.#owner);
  }

  /** Why something is left out that broke the budget. */
  refusal(what: string, tries: number): Refusal {
    const { service, budgetMs } = this.#parts;
    const budget = `its time budget of ${budgetMs} ms (REPRISE_EVENT_BUDGET_MS)`;
    return {
      code: 'event_stuck',
      reason: `Service "${service}" took longer than ${budget} for ${what}${times(tries)}.`,
    };
  }

  #fatality(what: string, deaths: number): Refusal {
    const { service } = this.#parts;
    const reason = `The process ended while service "${service}" worked on ${what}${times(deaths)}.`;
    return { code: 'event_fatal', reason };
  }
}

const times = (count: number) => (count === 1 ? '' : count === 2 ? ', twice' : `, ${count} times`);

/** FNV-1a over the UTF-16 units of both. */
function hashOf(key: string, name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ 0xffff, 0x01000193);
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
