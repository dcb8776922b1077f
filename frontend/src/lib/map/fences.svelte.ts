import type { Problem, ServiceConfig } from '../../../../schemas/types.ts';
import { api, problemOf } from '../live/api.ts';
import type { LonLat } from './geo.ts';

/** An area that the service of fences watches, as it is set up. */
export interface Fence {
  readonly id: string;
  readonly name: string;
  readonly geometry: GeoJSON.Polygon | GeoJSON.MultiPolygon;
}

/** A fence that is being changed: its outer ring without the point that closes it. */
export interface FenceDraft {
  /** Undefined while it is a new one. */
  readonly id: string | undefined;
  name: string;
  ring: LonLat[];
}

const LEAST_CORNERS = 3;

/** The fences of a service: what they are, and the one that is being changed. */
export class Fences {
  list = $state.raw<readonly Fence[]>([]);
  draft = $state.raw<FenceDraft>();
  /** Why the last change was refused. */
  problem = $state.raw<Problem>();
  /** While a change is on its way. */
  saving = $state(false);
  /** Whether there is a service to ask. */
  known = $state(false);
  readonly #saved: (service: string) => void;
  #service: string | undefined;

  /** `saved` is told when fences were changed: what was derived with the old ones is void. */
  constructor(saved: (service: string) => void) {
    this.#saved = saved;
  }

  /** Asks a service for its fences; one that has none leaves none. */
  async load(service: string): Promise<void> {
    try {
      this.#take(service, await api.service(service));
    } catch {
      // It may be on its way; the next look finds it.
    }
  }

  /** Begins a new fence around a middle, `width` and `height` degrees large. */
  begin([longitude, latitude]: LonLat, width: number, height: number): void {
    const [x, y] = [width / 2, height / 2];
    this.problem = undefined;
    this.draft = {
      id: undefined,
      name: '',
      ring: [[-x, -y], [x, -y], [x, y], [-x, y]].map(([dx = 0, dy = 0]) => [longitude + dx, latitude + dy] as const), // prettier-ignore
    };
  }

  /** Begins to change a fence. Of one with several parts only the first is changed. */
  edit(id: string): void {
    const fence = this.list.find((one) => one.id === id);
    if (!fence) return;
    this.problem = undefined;
    this.draft = { id, name: fence.name, ring: outerRing(fence.geometry) };
  }

  cancel(): void {
    this.draft = undefined;
    this.problem = undefined;
  }

  /** Puts a corner of the draft elsewhere. */
  move(corner: number, to: LonLat): void {
    this.#change((ring) => ring.map((at, i) => (i === corner ? to : at)));
  }

  /** Puts a new corner behind another one. */
  add(behind: number, at: LonLat): void {
    this.#change((ring) => ring.toSpliced(behind + 1, 0, at));
  }

  /** Takes a corner away; three are the least. */
  removeCorner(corner: number): void {
    this.#change((ring) => (ring.length > LEAST_CORNERS ? ring.toSpliced(corner, 1) : ring));
  }

  /** Keeps the draft. True when the service has taken it. */
  async save(): Promise<boolean> {
    const { draft } = this;
    if (!draft) return false;
    const name = draft.name.trim();
    const id = draft.id ?? freeId(name, this.list);
    const old = this.list.find((fence) => fence.id === id);
    const fence: Fence = { id, name: name || id, geometry: closed(draft.ring, old?.geometry) };
    const list = old ? this.list.map((one) => (one.id === id ? fence : one)) : [...this.list, fence];
    const done = await this.#send(list);
    if (done) this.draft = undefined;
    return done;
  }

  /** Takes a fence away. */
  remove(id: string): Promise<boolean> {
    if (this.draft?.id === id) this.draft = undefined;
    return this.#send(this.list.filter((fence) => fence.id !== id));
  }

  #change(how: (ring: LonLat[]) => LonLat[]): void {
    if (this.draft) this.draft = { ...this.draft, ring: how(this.draft.ring) };
  }

  async #send(list: readonly Fence[]): Promise<boolean> {
    const service = this.#service;
    if (!service) return false;
    const features = list.map(({ id, name, geometry }) => ({
      ...{ type: 'Feature', id, properties: { name }, geometry },
    }));
    this.saving = true;
    try {
      this.#take(
        service,
        await api.patchService(service, { params: { fences: { type: 'FeatureCollection', features } } }),
      );
      this.problem = undefined;
      this.#saved(service);
      return true;
    } catch (error) {
      this.problem = problemOf(error);
      return false;
    } finally {
      this.saving = false;
    }
  }

  #take(service: string, { params }: ServiceConfig): void {
    const fences = params?.['fences'] as GeoJSON.FeatureCollection | undefined;
    this.#service = service;
    this.known = true;
    this.list = (fences?.features ?? []).flatMap(({ id, properties, geometry }, i) => {
      if (geometry.type !== 'Polygon' && geometry.type !== 'MultiPolygon') return [];
      const name = typeof properties?.['name'] === 'string' ? properties['name'] : undefined;
      return [{ id: String(id ?? name ?? i), name: name ?? String(id ?? i), geometry }];
    });
  }
}

function outerRing(geometry: Fence['geometry']): LonLat[] {
  const ring = (geometry.type === 'Polygon' ? geometry.coordinates[0] : geometry.coordinates[0]?.[0]) ?? [];
  return ring.slice(0, -1).map(([longitude = 0, latitude = 0]) => [longitude, latitude]);
}

/** The ring in the place of a geometry's first; its holes and other parts stay. */
function closed(ring: readonly LonLat[], old: Fence['geometry'] | undefined): Fence['geometry'] {
  // A decimetre is finer than anybody draws.
  const first = [...ring, ring[0] as LonLat].map((at) => at.map((degrees) => Number(degrees.toFixed(6))));
  if (old?.type === 'MultiPolygon') {
    const [part = [], ...parts] = old.coordinates;
    return { type: 'MultiPolygon', coordinates: [[first, ...part.slice(1)], ...parts] };
  }
  return { type: 'Polygon', coordinates: [first, ...(old?.coordinates.slice(1) ?? [])] };
}

/** An id out of a name that no fence has yet. */
function freeId(name: string, list: readonly Fence[]): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'fence'; // prettier-ignore
  const taken = new Set(list.map(({ id }) => id));
  if (!taken.has(plain)) return plain;
  let n = 2;
  while (taken.has(`${plain}-${n}`)) n++;
  return `${plain}-${n}`;
}
