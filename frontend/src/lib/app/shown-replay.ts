import type { AreaFilter } from '../live/area-filter.svelte.ts';
import type { Channels } from '../live/channels.ts';
import type { Connection } from '../live/connection.svelte.ts';
import { recordingsKey, type Replays } from '../live/replays.svelte.ts';
import type { Scope } from '../live/scope.ts';
import type { SubjectSelection } from '../live/subjects/subject-selection.svelte.ts';
import type { Subjects } from '../live/subjects/subjects.ts';
import type { Moments } from '../timeline/moments.ts';
import type { Timeline } from '../timeline/timeline.svelte.ts';
import type { SharedLink } from './shared-link.svelte.ts';

/** Everything of the page that belongs to the replay that is shown. */
interface Parts {
  readonly channels: Channels;
  readonly connection: Connection;
  readonly filter: AreaFilter;
  readonly link: SharedLink;
  readonly moments: Moments;
  readonly replays: Replays;
  readonly selection: SubjectSelection;
  readonly subjects: Subjects;
  readonly timeline: Timeline;
}

/** Knows which replay is shown. When another one is, what the page kept of the one before is forgotten: nothing is mixed. */
export class ShownReplay {
  readonly #parts: Parts;
  #key: string | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Shows the events of a scope from now on. */
  show(scope: Scope): void {
    if (scope.key === this.#key) return;
    const { channels, connection, filter, link, moments, replays, selection, subjects, timeline } =
      this.#parts;
    const isFirst = this.#key === undefined;
    this.#key = scope.key;
    channels.rescope(scope);
    filter.show(recordingsKey(replays.chosen));
    // The address held the view of one replay. It is not that of another.
    if (!isFirst || !link.isOf(replays.chosen)) {
      if (isFirst) filter.clear();
      selection.clear();
      timeline.wanted = undefined;
    }
    connection.subscriptions.refilter();
    moments.clear();
    subjects.clear();
    replays.mark = replays.preview = undefined;
    timeline.begin();
  }
}
