import { failure, refusal, RepriseError } from '../../core/problems/errors.ts';
import type { Place } from './support/plane.ts';
import { simulateFleet } from './fleet/fleet.ts';
import { simulatePosts } from './posts/posts.ts';
import { readQuakes } from './quakes.ts';
import { Staging, target } from './support/write.ts';

export type SimulationKind = 'fleet' | 'posts' | 'quakes';
export const SIMULATION_KINDS: readonly SimulationKind[] = ['fleet', 'posts', 'quakes'];

/** What to make, and where; what a kind does not know it does not look at. */
export interface SimulateOptions {
  /** The recording: `.ndjson` or `.csv`, each also `.gz`. The other files go beside it. */
  out: string;
  seed?: number | string;
  durationSeconds?: number;
  /** ISO 8601. */
  start?: string;
  /** fleet */
  vehicles?: number;
  /** fleet: between two fixes of a vehicle. */
  intervalSeconds?: number;
  /** fleet: where the city lies. */
  centre?: Place;
  /** posts: outside the bursts. */
  postsPerMinute?: number;
}

/**
 * Makes a recording and, beside it, `<name>.truth.json` with the right answers, and for a fleet also
 * `<name>.streets.geojson`. The same options give the same bytes. Each file appears when it is whole, the recording
 * last. Answers the files, the recording first, and how many records it has.
 */
export async function simulate(
  kind: SimulationKind,
  { out, ...options }: SimulateOptions,
): Promise<{ files: string[]; records: number }> {
  const format = target(out);
  const beside = (ending: string) => `${format.stem}.${ending}`;
  const staging = new Staging();
  let records = 0;
  const writers: Record<SimulationKind, () => Promise<void>> = {
    async fleet() {
      const fleet = simulateFleet(options);
      records = await staging.rows(out, format, fleet.fixes);
      await staging.json(beside('truth.json'), fleet.truth());
      await staging.json(beside('streets.geojson'), fleet.streets);
    },
    async posts() {
      const { posts, truth } = simulatePosts(options);
      records = await staging.rows(out, format, posts);
      await staging.json(beside('truth.json'), truth());
    },
    async quakes() {
      const { quakes, truth } = readQuakes();
      records = await staging.rows(out, format, quakes);
      await staging.json(beside('truth.json'), truth);
    },
  };
  if (!Object.hasOwn(writers, kind))
    throw refusal('simulation_kind', `There is no simulation "${kind}".`, {
      hint: `There are: ${SIMULATION_KINDS.join(', ')}.`,
    });
  try {
    await writers[kind]();
    return { files: await staging.publish(), records };
  } catch (error) {
    if (error instanceof RepriseError) throw error;
    throw failure('simulation_not_written', `Can't write ${out}: ${(error as Error).message}`, {
      hint: 'Check that the folder can be written to and has room.',
      cause: error,
    });
  } finally {
    await staging.discard();
  }
}
