import type { Map as BaseMap } from 'maplibre-gl';
import type { Area } from '../live/area-filter.svelte.ts';
import type { LonLat } from '../live/geometry.ts';

const SVG = 'http://www.w3.org/2000/svg';
/** A smaller area, in pixels, is taken for a click. */
const LEAST_PX = 6;
/** Distance between the points of a lasso, pixels. */
const APART_PX = 4;

/** Lets the person draw a box or a lasso on the map with the pointer; meanwhile the map can't be dragged. */
export class AreaSketch {
  readonly #map: BaseMap;
  #stop: (() => void) | undefined;

  constructor(map: BaseMap) {
    this.#map = map;
  }

  /** Begins a drawing and cancels an earlier one. `done` gets the area; undefined when it was cancelled or is too small. */
  begin(kind: Area['kind'], done: (area: Area | undefined) => void): void {
    this.#stop?.();
    const map = this.#map;
    const container = map.getContainer();
    const svg = container.appendChild(document.createElementNS(SVG, 'svg'));
    svg.classList.add('sketch');
    const path = svg.appendChild(document.createElementNS(SVG, 'path'));
    let points: [number, number][] = [];

    const at = ({ clientX, clientY }: PointerEvent): [number, number] => {
      const { left, top } = container.getBoundingClientRect();
      return [clientX - left, clientY - top];
    };
    const finish = (area: Area | undefined): void => {
      this.#stop = undefined;
      svg.remove();
      removeEventListener('keydown', key, true);
      done(area);
    };
    const down = (event: PointerEvent): void => {
      event.preventDefault();
      svg.setPointerCapture(event.pointerId);
      points = [at(event)];
    };
    const move = (event: PointerEvent): void => {
      const [last] = points.slice(-1);
      if (!last) return;
      const next = at(event);
      if (kind === 'box') points = [points[0] as [number, number], next];
      else if (Math.hypot(next[0] - last[0], next[1] - last[1]) >= APART_PX) points.push(next);
      path.setAttribute('d', kind === 'box' ? boxPath(points) : `M${points.join('L')}Z`);
    };
    const up = (): void => {
      const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
      const size = Math.min(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
      if (!(size >= LEAST_PX)) return finish(undefined);
      const place = (x: number, y: number): LonLat => {
        const { lng, lat } = map.unproject([x, y]).wrap();
        return [lng, lat];
      };
      if (kind === 'lasso') return finish({ kind, ring: points.map(([x, y]) => place(x, y)) });
      const [west, north] = place(Math.min(...xs), Math.min(...ys));
      const [east, south] = place(Math.max(...xs), Math.max(...ys));
      finish({ kind, box: [west, south, east, north] });
    };
    const key = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      finish(undefined);
    };
    svg.addEventListener('pointerdown', down);
    svg.addEventListener('pointermove', move);
    svg.addEventListener('pointerup', up);
    addEventListener('keydown', key, true);
    this.#stop = () => finish(undefined);
  }

  /** Cancels the drawing, if there is one. */
  end(): void {
    this.#stop?.();
  }
}

function boxPath([[x1, y1] = [0, 0], [x2, y2] = [0, 0]]: [number, number][]): string {
  return `M${x1} ${y1}H${x2}V${y2}H${x1}Z`;
}
