import type { StopReason } from './itinerary.ts';
import { round, type Place, type Plane } from '../support/plane.ts';
import type { Track } from './track.ts';

/** A true standstill, without noise. Times are in ISO 8601. */
export interface TrueStop extends Place {
  start: string;
  end: string;
  reason: StopReason;
}

/** The answers to a fleet recording, without noise. Each vehicle's span from its first to its last fix. */
export interface FleetTruth {
  kind: 'fleet';
  /** Everything needed to make the same recording again. */
  options: Record<string, unknown>;
  records: number;
  start: string;
  end: string;
  vehicles: TrueVehicle[];
}

export interface TrueVehicle {
  vehicle_id: string;
  kind: string;
  fixes: number;
  first_fix: string;
  last_fix: string;
  distance_m: number;
  moving_seconds: number;
  standing_seconds: number;
  /** Standstills in time order, cut to the vehicle's span. */
  stops: TrueStop[];
}

/** The truth of tracks. All their fixes must have been made. */
export function fleetTruth(
  options: { start: string; [option: string]: unknown },
  tracks: readonly Track[],
  plane: Plane,
): FleetTruth {
  const originMs = Date.parse(options.start);
  const iso = (seconds: number) => new Date(originMs + Math.round(seconds * 1000)).toISOString();
  const vehicles = tracks.flatMap(({ vehicle, span }): TrueVehicle[] => {
    if (!span) return [];
    const [from, to] = [span.firstMs / 1000, span.lastMs / 1000];
    const moving = span.last.movingSeconds - span.first.movingSeconds;
    return [
      {
        vehicle_id: vehicle.id,
        kind: vehicle.kind,
        fixes: span.fixes,
        first_fix: iso(from),
        last_fix: iso(to),
        distance_m: round(span.last.distanceMetres - span.first.distanceMetres, 1000),
        moving_seconds: round(moving, 1000),
        standing_seconds: round(to - from - moving, 1000),
        stops: vehicle.stops
          .filter((stop) => stop.endSeconds > from && stop.startSeconds < to)
          .map(({ x, y, startSeconds, endSeconds, reason }) => ({
            start: iso(Math.max(startSeconds, from)),
            end: iso(Math.min(endSeconds, to)),
            latitude: plane.latitude(y),
            longitude: plane.longitude(x),
            reason,
          })),
      },
    ];
  });
  return {
    kind: 'fleet',
    options: { ...options },
    records: vehicles.reduce((sum, vehicle) => sum + vehicle.fixes, 0),
    start: vehicles.map((vehicle) => vehicle.first_fix).sort()[0] ?? options.start,
    end:
      vehicles
        .map((vehicle) => vehicle.last_fix)
        .sort()
        .at(-1) ?? options.start,
    vehicles,
  };
}
