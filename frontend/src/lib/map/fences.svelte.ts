import type { Problem, Service, ServiceConfig } from '../../../../schemas/types.ts';
import { api, problemOf } from '../live/api.ts';
import type { LonLat } from '../live/geometry.ts';
import { closed, freeId, outerRing, type Fence, type FenceDraft } from './fence-shapes.ts';

const LEAST_CORNERS = 3;

/** The fences of the service that watches them, and the one that is being changed. */
export class Fences {
  list = $state.raw<readonly Fence[]>([]);
  draft = $state.raw<FenceDraft>();
  /** Why the last change was refused. */
  problem = $state.raw<Problem>();
  /** While a change is being sent. */
  saving = $state(false);
  /** Whether there is a service that watches fences. */
  known = $state(false);
  readonly #saved: (channel: string) => void;
  #service: string | undefined;
  /** The channel with the events of the fences. */
  #channel: string | undefined;
  #loaded = '';

  /** `saved` is called with the channel of the fences' events when fences were changed: its events are void then. */
  constructor(saved: (channel: string) => void) {
    this.#saved = saved;
  }

  /**
   * Loads the fences when the service is found, and again when its channel has a new epoch: then another program has changed
   * them. Call it a few times a second.
   */
  follow(services: readonly Service[], epochOf: (channel: string) => number): void {
    const service = services.find(
      ({ name, outputs }) => name === 'fences' || outputs?.some((output) => output.endsWith('.fences')),
    );
    if (!service) return;
    this.#channel = service.outputs?.[0];
    const key = `${service.name} ${epochOf(this.#channel ?? '')}`;
    if (key === this.#loaded) return;
    this.#loaded = key;
    void this.#load(service.name);
  }

  /** Begins a new rectangular fence around a centre; `width` and `height` in degrees. */
  begin([longitude, latitude]: LonLat, width: number, height: number): void {
    const [x, y] = [width / 2, height / 2];
    this.problem = undefined;
    this.draft = {
      id: undefined,
      name: '',
      ring: [
        [longitude - x, latitude - y],
        [longitude + x, latitude - y],
        [longitude + x, latitude + y],
        [longitude - x, latitude + y],
      ],
    };
  }

  /** Begins to change a fence; of several parts only the first can be changed. */
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

  /** Moves a corner of the draft. */
  move(corner: number, to: LonLat): void {
    this.#change((ring) => ring.map((at, i) => (i === corner ? to : at)));
  }

  /** Adds a corner after another one. */
  add(after: number, at: LonLat): void {
    this.#change((ring) => ring.toSpliced(after + 1, 0, at));
  }

  /** Removes a corner; three remain at least. */
  removeCorner(corner: number): void {
    this.#change((ring) => (ring.length > LEAST_CORNERS ? ring.toSpliced(corner, 1) : ring));
  }

  /** Saves the draft; returns true when the service has accepted it. */
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

  /** Removes a fence. */
  remove(id: string): Promise<boolean> {
    if (this.draft?.id === id) this.draft = undefined;
    return this.#send(this.list.filter((fence) => fence.id !== id));
  }

  async #load(service: string): Promise<void> {
    try {
      this.#take(service, await api.service(service));
    } catch {
      // The next epoch, or the next change of the services, tries again.
    }
  }

  #change(how: (ring: LonLat[]) => LonLat[]): void {
    if (this.draft) this.draft = { ...this.draft, ring: how(this.draft.ring) };
  }

  async #send(list: readonly Fence[]): Promise<boolean> {
    const service = this.#service;
    if (!service) return false;
    const features = list.map(({ id, name, geometry }) => ({
      type: 'Feature',
      id,
      properties: { name },
      geometry,
    }));
    this.saving = true;
    try {
      this.#take(
        service,
        await api.patchService(service, { params: { fences: { type: 'FeatureCollection', features } } }),
      );
      this.problem = undefined;
      if (this.#channel) this.#saved(this.#channel);
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
