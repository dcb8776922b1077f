import type { Map as BaseMap } from 'maplibre-gl';

/** Selects the canvas of deck.gl, which lies over MapLibre's. */
export const MOVERS_CANVAS = 'canvas:not(.maplibregl-canvas)';

/**
 * A picture of a map: the ground, and what moves above it. A canvas can be read only right after it was drawn: `afterMovers`
 * draws the movers and then calls what it is given.
 */
export async function pictureOf(
  map: BaseMap,
  afterMovers: (draw: () => void) => Promise<void>,
): Promise<HTMLCanvasElement> {
  const ground = map.getCanvas();
  const picture = document.createElement('canvas');
  [picture.width, picture.height] = [ground.width, ground.height];
  const draw = (layer: HTMLCanvasElement): void =>
    void picture.getContext('2d')?.drawImage(layer, 0, 0, picture.width, picture.height);
  await new Promise<void>((resolve) => {
    map.once('render', () => resolve(draw(ground)));
    map.triggerRepaint();
  });
  const movers = map.getContainer().querySelector<HTMLCanvasElement>(MOVERS_CANVAS);
  if (movers) await afterMovers(() => draw(movers));
  return picture;
}
