import { refusal } from '../../../core/problems/errors.ts';
import type { IngestResult } from './ingest.ts';
import { refusalWith } from '../http/problems.ts';
import { HttpReply } from '../http/route.ts';

/** Maximum number of rows in one request. */
export const ROWS_MAX = 10_000;

/**
 * The response to rows that were written: 207 if some were refused. `onto` names their destination in the message.
 * @throws refusal `events_refused` if all were refused, with the same members as the response
 */
export function ingestReply(onto: string, taken: IngestResult, status = 200): HttpReply {
  const { accepted, refused, position } = taken;
  const [first] = refused;
  if (!first) return new HttpReply(status, taken);
  if (accepted > 0) return new HttpReply(207, taken);
  throw refusalWith(
    refusal('events_refused', `No row can be written ${onto}; row ${first.index}: ${first.reason}.`, {
      hint: 'GET /api/v1/channels names the schema for the data of each channel.',
    }),
    { accepted, refused, position },
  );
}
