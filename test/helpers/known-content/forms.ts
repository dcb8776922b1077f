import type fc from 'fast-check';
import { csvCases } from './csv.ts';
import { geojsonCases } from './geojson.ts';
import { gpxCases } from './gpx.ts';
import { jsonCases, ndjsonCases } from './json.ts';
import type { KnownCase } from './known-case.ts';
import { mcapCase, mcapPlans, type McapPlan } from './mcap.ts';
import { parquetCases } from './parquet.ts';

/** A form in which known content is written. */
interface Form {
  /** A case of MCAP has to be written first. */
  cases: fc.Arbitrary<KnownCase | McapPlan>;
  /** Its share of all cases. Each reading of Parquet starts a thread. */
  share: number;
}

/** The forms in which known content is written. */
export const FORMS: { [name: string]: Form } = {
  csv: { cases: csvCases, share: 0.32 },
  ndjson: { cases: ndjsonCases, share: 0.12 },
  json: { cases: jsonCases, share: 0.2 },
  gpx: { cases: gpxCases, share: 0.1 },
  geojson: { cases: geojsonCases, share: 0.12 },
  parquet: { cases: parquetCases, share: 0.02 },
  mcap: { cases: mcapPlans, share: 0.12 },
};

/** The file of a case. */
export const caseOf = async (given: KnownCase | McapPlan): Promise<KnownCase> =>
  'known' in given ? mcapCase(given) : given;
