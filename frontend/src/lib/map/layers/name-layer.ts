import type { Layer } from '@deck.gl/core';
import { TextLayer } from '@deck.gl/layers';
import type { Subject } from '../../live/subjects/subjects.ts';
import type { MapScene } from './map-scene.ts';
import type { Mover } from '../movers/mover.ts';

/** With more movers than this, only the selected and the hovered one have names. */
const MOST_NAMED = 14;
/** Names closer than this, pixels across and down, would overlap. */
const APART_PX = { x: 56, y: 15 };

/** The names of movers. A name that would overlap an earlier one is left out; the selected mover comes first. */
export function nameLayers(all: readonly Mover[], scene: MapScene): Layer[] {
  const { selected, hovered, text, halo } = scene;
  const first = [selected, hovered].filter((mover) => mover !== undefined);
  const named = withoutOverlap([...new Set([...first, ...(all.length <= MOST_NAMED ? all : [])])], scene);
  // deck.gl can't draw a text layer without any letter.
  if (named.length === 0) return [];
  const layer = new TextLayer<Mover>({
    id: 'names',
    data: named.map((mover) => ({ ...mover })),
    getPosition: ({ shown }) => [shown[0], shown[1]],
    getText: ({ subject }: { subject: Subject }) => subject.name,
    getSize: 12,
    getColor: [...text, 255],
    outlineColor: [...halo, 255],
    outlineWidth: 3,
    fontSettings: { sdf: true, buffer: 6 },
    fontFamily: 'system-ui, sans-serif',
    fontWeight: 600,
    characterSet: 'auto',
    getTextAnchor: 'start',
    getPixelOffset: [14, 0],
  });
  return [layer];
}

function withoutOverlap(movers: readonly Mover[], { project }: MapScene): Mover[] {
  const placed: { x: number; y: number }[] = [];
  return movers.filter(({ shown }) => {
    const { x, y } = project(shown);
    const isFree = placed.every(
      (other) => Math.abs(other.x - x) > APART_PX.x || Math.abs(other.y - y) > APART_PX.y,
    );
    if (isFree) placed.push({ x, y });
    return isFree;
  });
}
