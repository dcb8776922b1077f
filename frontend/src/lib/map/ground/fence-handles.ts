import { Marker, type Map as BaseMap } from 'maplibre-gl';
import type { Fences } from '../fences.svelte.ts';
import { fenceTexts } from '../texts.ts';

/** How far an arrow key moves a corner, alone and with Shift, pixels. */
const STEP_PX = 4;
const LARGE_PX = 24;

/** Handles at the corners of the fence that is being changed and between them: buttons to drag, or to move with arrow keys. */
export class FenceHandles {
  readonly #map: BaseMap;
  readonly #fences: Fences;
  #markers: Marker[] = [];
  #count = 0;

  constructor(map: BaseMap, fences: Fences) {
    this.#map = map;
    this.#fences = fences;
  }

  /** Puts the handles at the corners of the draft. */
  show(): void {
    const ring = this.#fences.draft?.ring ?? [];
    if (ring.length !== this.#count) this.#build(ring.length);
    ring.forEach(([x, y], i) => {
      const [nextX, nextY] = ring[(i + 1) % ring.length] as [number, number];
      this.#markers[i * 2]?.setLngLat([x, y]);
      this.#markers[i * 2 + 1]?.setLngLat([(x + nextX) / 2, (y + nextY) / 2]);
    });
  }

  #build(count: number): void {
    for (const marker of this.#markers) marker.remove();
    this.#count = count;
    this.#markers = Array.from({ length: count * 2 }, (_, n) =>
      n % 2 ? this.#between(n >> 1) : this.#corner(n >> 1),
    );
  }

  #handle(kind: string, label: string): { marker: Marker; button: HTMLButtonElement } {
    const button = document.createElement('button');
    button.className = `handle ${kind}`;
    button.type = 'button';
    button.title = label;
    const marker = new Marker({ element: button, draggable: true }).setLngLat([0, 0]).addTo(this.#map);
    // MapLibre gives every marker the same label.
    button.setAttribute('aria-label', label);
    button.removeAttribute('role');
    return { marker, button };
  }

  #corner(i: number): Marker {
    const { marker, button } = this.#handle('corner', fenceTexts.corner(i + 1));
    const move = (): void => {
      const { lng, lat } = marker.getLngLat();
      this.#fences.move(i, [lng, lat]);
    };
    marker.on('drag', move);
    button.addEventListener('keydown', (event) => {
      const step = event.shiftKey ? LARGE_PX : STEP_PX;
      const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[
        event.key
      ];
      if (!by && event.key !== 'Delete' && event.key !== 'Backspace') return;
      event.preventDefault();
      event.stopPropagation();
      if (!by) return this.#fences.removeCorner(i);
      const { x, y } = this.#map.project(marker.getLngLat());
      marker.setLngLat(this.#map.unproject([x + (by[0] ?? 0), y + (by[1] ?? 0)]));
      move();
    });
    return marker;
  }

  #between(i: number): Marker {
    const { marker, button } = this.#handle('between', fenceTexts.between(i + 1));
    const add = (): void => {
      const { lng, lat } = marker.getLngLat();
      this.#fences.add(i, [lng, lat]);
    };
    marker.on('dragend', add);
    button.addEventListener('click', add);
    return marker;
  }
}
