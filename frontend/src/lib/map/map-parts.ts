import type { Map as BaseMap } from 'maplibre-gl';
import type { AreaFilter } from '../live/area-filter.svelte.ts';
import type { Channels } from '../live/channels.ts';
import type { PaintTimes } from '../live/paint-times.ts';
import type { Replays } from '../live/replays.svelte.ts';
import type { SubjectSelection } from '../live/subjects/subject-selection.svelte.ts';
import type { Subjects } from '../live/subjects/subjects.ts';
import type { FrameLoop } from '../ui/frame-loop.svelte.ts';
import type { Settings } from '../ui/settings.svelte.ts';
import type { SharedCursor } from '../ui/shared-cursor.svelte.ts';
import type { Fences } from './fences.svelte.ts';
import type { Movers } from './movers/movers.ts';

/** The parts of the page that the map shows. */
export interface MapParts {
  readonly frame: FrameLoop;
  readonly settings: Settings;
  readonly channels: Channels;
  readonly subjects: Subjects;
  readonly movers: Movers;
  readonly selection: SubjectSelection;
  readonly cursor: SharedCursor;
  readonly replays: Replays;
  readonly filter: AreaFilter;
  readonly fences: Fences;
  readonly paintTimes: PaintTimes;
  /** The position of the map in the address: read once, then kept up to date. */
  readonly link: { position: { longitude: number; latitude: number; zoom: number } | undefined };
  /** The map, while it is shown. */
  map: BaseMap | undefined;
}
