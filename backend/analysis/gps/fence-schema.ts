import { schemaOf } from '../engine/params.ts';
import type { FenceCollection } from './fence-index.ts';

/** A linear ring (RFC 7946). */
const RING = {
  type: 'array',
  minItems: 4,
  items: { type: 'array', minItems: 2, items: { type: 'number' } },
};
const POLYGON = { type: 'array', minItems: 1, items: RING };

function coordinatesOf(type: string, coordinates: object): object {
  return { if: { properties: { type: { const: type } } }, then: { properties: { coordinates } } };
}

/** JSON Schema of the fences of the service `fences`. */
export const FENCES = schemaOf<FenceCollection>({
  type: 'object',
  required: ['features'],
  properties: {
    features: {
      type: 'array',
      items: {
        type: 'object',
        required: ['geometry'],
        properties: {
          geometry: {
            type: 'object',
            required: ['type', 'coordinates'],
            properties: { type: { enum: ['Polygon', 'MultiPolygon'] } },
            allOf: [
              coordinatesOf('Polygon', POLYGON),
              coordinatesOf('MultiPolygon', { ...POLYGON, items: POLYGON }),
            ],
          },
        },
      },
    },
  },
  description: 'A GeoJSON FeatureCollection of Polygons and MultiPolygons, each with a unique id or name.',
});
