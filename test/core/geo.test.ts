import assert from 'node:assert/strict';
import fc from 'fast-check';
import geodesic from 'geographiclib-geodesic';
import { bearingDegrees, distanceM, type GeoPoint } from '../../core/wire/geo.ts';

const EARTH_RADIUS_M = 6_371_000;
const LONDON: GeoPoint = { latitude: 51.5, longitude: -0.1 };
const WASHINGTON: GeoPoint = { latitude: 38.9, longitude: -77 };

const { Geodesic } = geodesic;
const sphere = new Geodesic.Geodesic(EARTH_RADIUS_M, 0);

function on(earth: geodesic.GeodesicClass, a: GeoPoint, b: GeoPoint) {
  return earth.Inverse(a.latitude, a.longitude, b.latitude, b.longitude);
}

/** The distance by another formula: the angle between two vectors from the centre of the earth. */
function byVectorsM(a: GeoPoint, b: GeoPoint): number {
  const vector = ({ latitude, longitude }: GeoPoint) => {
    const [lat, lon] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180];
    return [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)] as const;
  };
  const [u, v] = [vector(a), vector(b)];
  const cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
  return EARTH_RADIUS_M * Math.atan2(Math.hypot(...cross), u[0] * v[0] + u[1] * v[1] + u[2] * v[2]);
}

const aPlace = fc.record({
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});

describe('great-circle distance', () => {
  it('is 5,898 km from London to Washington on the sphere, and 5,913 km on the WGS 84 ellipsoid', () => {
    const foundM = distanceM(LONDON, WASHINGTON);
    assert.ok(Math.abs(foundM - byVectorsM(LONDON, WASHINGTON)) < 1e-3);
    assert.equal(Math.round(foundM / 1000), 5898);
    const ellipsoidM = on(Geodesic.WGS84, LONDON, WASHINGTON).s12!;
    assert.equal(Math.round(ellipsoidM / 1000), 5913);
    assert.ok(Math.abs(foundM / ellipsoidM - 1) < 0.003);
  });

  it('agrees with an independent library on the same sphere everywhere, and so does the bearing', () => {
    fc.assert(
      fc.property(aPlace, aPlace, (a, b) => {
        const { s12, azi1 } = on(sphere, a, b);
        assert.ok(Math.abs(distanceM(a, b) - s12!) < 1, `${distanceM(a, b)} m, not ${s12}`);
        // Near the poles, the point itself and its antipode, a small error changes the bearing much.
        const isPlain = s12! > 1_000 && s12! < 20_000_000 && Math.abs(a.latitude) < 89;
        const offDegrees = Math.abs(((bearingDegrees(a, b) - azi1! + 540) % 360) - 180);
        if (isPlain) assert.ok(offDegrees < 0.01, `${bearingDegrees(a, b)}, not ${azi1}`);
      }),
      { numRuns: 500 },
    );
  });
});
