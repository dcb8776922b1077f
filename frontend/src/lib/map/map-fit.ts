import type { Recordings } from '../live/recordings.svelte.ts';
import type { Box } from '../live/geometry.ts';
import { boxOf, describedBox, grown, isInside } from './bounds.ts';
import type { MapParts } from './map-parts.ts';
import type { MapView, Padding } from './map-view.ts';

/** The parts of the page that fitting the map needs. */
export interface FitParts extends MapParts {
  readonly recordings: Recordings;
  readonly watched: { readonly front: ReadonlySet<string> };
}

/**
 * Fits the map to each replay that is chosen, as soon as it has a position. Data that no description covers, such as live data,
 * is fitted again when it leaves the map, unless the person has moved the map.
 */
export class MapFit {
  readonly #view: MapView;
  readonly #parts: FitParts;
  #fitted: { replay: string; box: Box } | undefined;
  /** Whether the data lay outside at the last check: an outlier is taken back a moment later. */
  #wasOutside = false;

  constructor(view: MapView, parts: FitParts) {
    this.#view = view;
    this.#parts = parts;
  }

  /** Fits the map to all data of the chosen replay, or to all data. */
  fit(): void {
    const { movers, watched, selection } = this.#parts;
    const box =
      boxOf(movers, watched.front) ?? boxOf(movers, new Set(movers.all.map(({ subject }) => subject.root)));
    selection.follow = false;
    if (box) this.#view.show(box, this.#padding());
  }

  /** Fits the map when it is time to. Call it a few times a second. */
  check(): void {
    const { replays, movers, watched, selection } = this.#parts;
    const view = this.#view;
    const replay = replays.scope.key;
    const isNew = this.#fitted?.replay !== replay;
    if (!isNew && (view.touched || selection.follow)) return;
    const box = boxOf(movers, watched.front);
    const isOutside = Boolean(!isNew && this.#fitted && box && !isInside(box, this.#fitted.box));
    const isStillOutside = isOutside && this.#wasOutside;
    this.#wasOutside = isOutside;
    if (!box || (!isNew && !isStillOutside)) return;
    const described = describedBox(this.#descriptions());
    const whole = described && isInside(box, described) ? described : isNew ? box : grown(box);
    // A link has its own position; later replays are fitted.
    const isLinked = isNew && this.#fitted === undefined && view.touched;
    this.#fitted = { replay, box: whole };
    if (isLinked) view.ground.chooseFor(whole);
    else view.show(whole, this.#padding());
  }

  #descriptions() {
    const { replays, recordings } = this.#parts;
    return (replays.chosen?.recordings ?? []).flatMap((id) => {
      const description = recordings.described(id)?.description;
      return description ? [description] : [];
    });
  }

  /** Room for what floats over the map. */
  #padding(): Padding {
    const { settings } = this.#parts;
    return settings.narrow
      ? { top: 44, right: 44, bottom: 30, left: 30 }
      : { top: 56, right: 56, bottom: 48, left: settings.kept.legend ? 220 : 56 };
  }
}
