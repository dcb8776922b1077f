/** A place on the Earth, degrees (WGS 84). */
export interface Place {
  latitude: number;
  longitude: number;
}

/** Metres east (x) and north (y) of the plane's centre. */
export interface Point {
  x: number;
  y: number;
}

/** The sphere that distances are measured on, metres: the same as in `gps.movement`. */
const EARTH_RADIUS_M = 6_371_000;
const DEGREE = Math.PI / 180;

/**
 * A flat map around a centre (equirectangular). Within 5 km of the centre and 60 degrees of the equator, lengths on
 * the plane and great-circle lengths differ by less than 0.15 %.
 */
export class Plane {
  readonly centre: Place;
  readonly #degreesPerMetreNorth = 1 / (EARTH_RADIUS_M * DEGREE);
  readonly #degreesPerMetreEast: number;

  constructor(centre: Place) {
    this.centre = centre;
    this.#degreesPerMetreEast = this.#degreesPerMetreNorth / Math.cos(centre.latitude * DEGREE);
  }

  /** Degrees north of a point y metres north of the centre. */
  latitude(y: number): number {
    return round(this.centre.latitude + y * this.#degreesPerMetreNorth, 1e7);
  }

  /** Degrees east of a point x metres east of the centre. */
  longitude(x: number): number {
    return round(this.centre.longitude + x * this.#degreesPerMetreEast, 1e7);
  }

  /** The plane's point of a place, metres. */
  point(place: Place): Point {
    return {
      x: (place.longitude - this.centre.longitude) / this.#degreesPerMetreEast,
      y: (place.latitude - this.centre.latitude) / this.#degreesPerMetreNorth,
    };
  }

  /** A point as GeoJSON has it: [longitude, latitude], to about a centimetre. */
  position({ x, y }: Point): [number, number] {
    return [this.longitude(x), this.latitude(y)];
  }
}

/** Great-circle distance in metres (haversine). */
export function distanceMetres(a: Place, b: Place): number {
  const sinLatitude = Math.sin(((b.latitude - a.latitude) * DEGREE) / 2);
  const sinLongitude = Math.sin(((b.longitude - a.longitude) * DEGREE) / 2);
  const h =
    sinLatitude * sinLatitude +
    Math.cos(a.latitude * DEGREE) * Math.cos(b.latitude * DEGREE) * sinLongitude * sinLongitude;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(h));
}

/** `value` to the nearest 1/`per`: round(1.26, 10) is 1.3. */
export function round(value: number, per: number): number {
  return Math.round(value * per) / per;
}
