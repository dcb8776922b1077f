import type { AuditEntry } from '../../../schemas/types.ts';
import { listOf, ref, type Schema } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

interface Query {
  since?: string;
  until?: string;
  who?: string;
  result?: AuditEntry['result'];
  limit: number;
  cursor?: string;
}

const time: Schema = { type: 'string', format: 'date-time', description: 'Inclusive.' };

export default {
  name: 'audit',
  description: 'The audit trail says who changed what, and when.',
  routes: [
    route<Query>({
      method: 'get',
      path: '/audit',
      summary: 'List changes and attempts, newest first',
      channels: 'all',
      description:
        'Every request and socket message that changed the set-up, replays, recordings, dead letters, channels or tasks, or tried to. Events that are written are not listed. The latest 20,000 changes and 2,000 refused attempts are kept, without secrets.',
      scope: 'admin',
      query: {
        since: time,
        until: time,
        who: { type: 'string', maxLength: 256, description: 'The name of a key.' },
        result: { enum: ['done', 'refused', 'failed'] },
        limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 100 },
        cursor: {
          type: 'string',
          pattern: '^\\d{1,15}-\\d{1,15}$',
          description: 'The `cursor` of the previous page: continue from there.',
        },
      },
      responses: {
        200: {
          description: 'A page; `cursor` is null on the last page.',
          schema: listOf(ref('resources/audit-entry'), { cursor: { type: ['string', 'null'] } }),
        },
      },
      handle({ query: { since, until, limit, cursor, ...filter } }, { audit }) {
        const ms = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));
        return audit.list({ ...filter, sinceMs: ms(since), untilMs: ms(until) }, limit, cursor);
      },
    }),
  ],
} satisfies Resource;
