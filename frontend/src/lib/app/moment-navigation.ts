import type { Replays } from '../live/replays.svelte.ts';
import type { SubjectSelection } from '../live/subjects/subject-selection.svelte.ts';
import type { Subjects } from '../live/subjects/subjects.ts';
import type { Moment, Moments } from '../timeline/moments.ts';
import { momentText } from '../timeline/texts.ts';
import type { Announcer } from '../ui/announcer.svelte.ts';
import { duration } from '../ui/format.ts';
import type { Units } from '../ui/units.svelte.ts';
import { texts } from './texts.ts';

/** While a replay plays, a moment that it passed this recently (wall time, ms) is not the previous one: the one before is. */
const JUST_PASSED_MS = 1000;

/** The parts of the page that going to a moment touches. */
interface Parts {
  readonly replays: Replays;
  readonly moments: Moments;
  readonly subjects: Subjects;
  readonly selection: SubjectSelection;
  readonly units: Units;
  readonly announcer: Announcer;
}

/** Goes from moment to moment: alerts, stops and fence crossings. */
export class MomentNavigation {
  readonly #parts: Parts;
  /** The subject that was selected by going to a moment, not by the person. */
  #broughtAlong: string | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Seeks to a moment, and selects its subject. */
  goTo(moment: Moment): void {
    const { replays, subjects, selection, announcer, units } = this.#parts;
    void replays.seek(moment.timeMs);
    if (subjects.all.has(moment.key)) {
      if (selection.key !== moment.key) this.#broughtAlong = moment.key;
      selection.select(moment.key);
    }
    const what = momentText(moment, duration(moment.timeMs - moment.fromMs));
    announcer.say(texts.moment(what, units.stamp(moment.timeMs)));
  }

  /** Goes to the next (1) or previous (-1) moment; of the selected subject, if the person has selected one. */
  goToNext(direction: 1 | -1): void {
    const { replays, moments, selection, announcer } = this.#parts;
    const rate = replays.rate === 'max' ? 1 : Math.max(1, replays.rate);
    const justPassedMs = direction === -1 && replays.state === 'playing' ? JUST_PASSED_MS * rate : 0;
    const key = selection.key === this.#broughtAlong ? undefined : selection.key;
    const moment = moments.next(replays.positionAt(performance.now()) - justPassedMs, direction, key);
    if (moment) this.goTo(moment);
    else announcer.say(texts.noMoment);
  }
}
