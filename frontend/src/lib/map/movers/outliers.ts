import type { CloudEvent } from '../../../../../schemas/types.ts';
import type { LonLat } from '../../live/geometry.ts';
import type { Subject } from '../../live/subjects/subjects.ts';
import { placeOf } from './mover.ts';

/** A fix that the outlier service rejects, and the reason. */
export interface Outlier {
  readonly subject: Subject;
  readonly at: LonLat;
  readonly timeMs: number;
  readonly reason: string;
}

const MOST = 300;

/** The latest outliers. A fix and the verdict on it arrive on different channels, in any order. */
export class Outliers {
  /** Oldest first. */
  readonly all: Outlier[] = [];
  /** The rejected fixes, by subject and time. */
  #rejected = new Set<string>();

  /** Notes an outlier; returns false when it is known already. */
  note(subject: Subject, event: CloudEvent, timeMs: number): boolean {
    const fix = fixOf(subject.key, timeMs);
    if (this.#rejected.has(fix)) return false;
    if (this.#rejected.size > 10 * MOST) this.#rejected.clear();
    this.#rejected.add(fix);
    const reason = event.data['outlier_reason'];
    this.all.push({
      subject,
      at: placeOf(event),
      timeMs,
      reason: typeof reason === 'string' ? reason : '',
    });
    if (this.all.length > MOST) this.all.shift();
    return true;
  }

  has(subject: Subject, timeMs: number): boolean {
    return this.#rejected.has(fixOf(subject.key, timeMs));
  }

  /** Forgets those of a root channel. */
  forget(root: string): void {
    const kept = this.all.filter(({ subject }) => subject.root !== root);
    this.all.splice(0, this.all.length, ...kept);
    for (const fix of this.#rejected) if (fix.startsWith(`${root}\n`)) this.#rejected.delete(fix);
  }
}

const fixOf = (key: string, timeMs: number): string => `${key}\n${timeMs}`;
