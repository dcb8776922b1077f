import { invariant, refusal } from '../../../core/problems/errors.ts';
import { CITY_CENTRE, CITY_NAME, DEFAULT_START } from '../city/city-plan.ts';
import { buildCity, type VehicleKind } from '../city/city.ts';
import { fleetTruth, type FleetTruth } from './fleet-truth.ts';
import { busLines } from './itinerary.ts';
import { Plane, type Place } from '../support/plane.ts';
import { Random } from '../support/random.ts';
import { Router } from '../city/route.ts';
import { streetMap } from '../city/street-map.ts';
import { Track, type Fix } from './track.ts';
import { Vehicle } from './vehicle.ts';

export interface FleetOptions {
  /** Another seed gives another day in the same city. */
  seed?: number | string;
  vehicles?: number;
  durationSeconds?: number;
  /** Time between two fixes of one vehicle, at least a millisecond. Vehicles report at different moments of it. */
  intervalSeconds?: number;
  /** The place of the city's middle. */
  centre?: Place;
  /** ISO 8601. */
  start?: string;
}

export interface Fleet {
  /** The fixes in time order. They are made while they are read, and can be read once. */
  fixes: Iterable<Fix>;
  /** The truth about the fixes read so far. It is complete when all fixes have been read. */
  truth: () => FleetTruth;
  /** The city as GeoJSON (RFC 7946). */
  streets: ReturnType<typeof streetMap>;
}

const KINDS: readonly VehicleKind[] = ['van', 'bus', 'truck'];

/**
 * A fleet of vans, buses and trucks that drives the streets of Miravela. The same options give the same rows, and a
 * vehicle's drive depends on the seed and its own name only: neither more vehicles nor another interval changes it.
 * Vehicles do not see each other. Memory does not grow with the rows, except for the truth's stops.
 */
export function simulateFleet(options: FleetOptions = {}): Fleet {
  const settings = checked(options);
  const city = buildCity();
  const plane = new Plane(settings.centre);
  const router = new Router(city);
  const streets = { city, router, lines: busLines(city, router) };
  const tracks = Array.from({ length: settings.vehicles }, (_, index) => {
    const kind = KINDS[index % KINDS.length] as VehicleKind;
    const id = `${kind}-${Math.floor(index / KINDS.length) + 1}`;
    const random = (label: string) => new Random(settings.seed, `${id}/${label}`);
    const phase = random('phase').next();
    return new Track(new Vehicle(id, kind, streets, random('drive')), random('receiver'), plane, phase);
  });
  let done = false;

  function* fixes(): Generator<Fix> {
    const startMs = Date.parse(settings.start);
    const intervalMs = Math.round(settings.intervalSeconds * 1000);
    const durationMs = settings.durationSeconds * 1000;
    const turns = tracks
      .map((track) => ({ track, phaseMs: Math.floor(track.phase * intervalMs) }))
      .sort((a, b) => a.phaseMs - b.phaseMs);
    for (let roundMs = 0; roundMs < durationMs; roundMs += intervalMs)
      for (const { track, phaseMs } of turns)
        if (roundMs + phaseMs < durationMs) yield track.fix(startMs, roundMs + phaseMs);
    done = true;
  }

  return {
    fixes: fixes(),
    truth: () => {
      if (!done) throw invariant('The truth about a fleet was asked for before all of its fixes were read');
      return fleetTruth({ city: CITY_NAME, ...settings }, tracks, plane);
    },
    streets: streetMap(city, plane),
  };
}

function checked(options: FleetOptions): Required<FleetOptions> {
  const settings = {
    seed: options.seed ?? 1,
    vehicles: options.vehicles ?? 24,
    durationSeconds: options.durationSeconds ?? 3600,
    intervalSeconds: options.intervalSeconds ?? 1,
    centre: options.centre ?? CITY_CENTRE,
    start: options.start ?? DEFAULT_START,
  };
  const refuse = (what: string, hint: string) =>
    refusal('simulation_option', `The fleet can't have ${what}.`, { hint });
  if (!Number.isInteger(settings.vehicles) || settings.vehicles < 1)
    throw refuse(`${settings.vehicles} vehicles`, 'Give a whole number from 1 up, e.g. 24.');
  if (!(settings.durationSeconds > 0 && Number.isFinite(settings.durationSeconds)))
    throw refuse(`a duration of ${settings.durationSeconds} s`, 'Give seconds above 0, e.g. 3600.');
  if (!(settings.intervalSeconds >= 0.001 && Number.isFinite(settings.intervalSeconds)))
    throw refuse(`an interval of ${settings.intervalSeconds} s`, 'Give seconds from 0.001 up, e.g. 1.');
  if (!(Math.abs(settings.centre.latitude) <= 80 && Math.abs(settings.centre.longitude) <= 179))
    throw refuse(
      `its centre at ${JSON.stringify(settings.centre)}`,
      'Give a latitude within 80 and a longitude within 179 degrees.',
    );
  if (Number.isNaN(Date.parse(settings.start)))
    throw refuse(`its start at "${settings.start}"`, `Give a time such as ${DEFAULT_START}.`);
  return settings;
}
