import { timeMsOf } from '../../../core/wire/event.ts';
import { markedText, parseMarked } from '../../../core/wire/mark.ts';
import { readHistory } from '../../../core/redis/history.ts';
import { basePathOf } from '../http/problems.ts';
import { JsonText, listOf, ref, type Schema } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

interface Query {
  since?: string;
  until?: string;
  subject?: string;
  limit: number;
  epochs: 'current' | 'all';
  cursor?: string;
}

const time: Schema = { type: 'string', format: 'date-time' };

export default {
  name: 'history',
  description: 'The log of a channel.',
  routes: [
    route<Query>({
      method: 'get',
      path: '/channels/{channel}/history',
      summary: 'List past events, newest first',
      channels: { read: '{channel}' },
      scope: 'read',
      params: { channel: { type: 'string' } },
      query: {
        since: { ...time, description: 'Event time, inclusive.' },
        until: { ...time, description: 'Event time, inclusive.' },
        subject: { type: 'string' },
        limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 100 },
        epochs: {
          enum: ['current', 'all'],
          default: 'current',
          description: 'all: include what the log still has from before the last start, seek or loop.',
        },
        cursor: {
          type: 'string',
          pattern: '^\\d{1,15}-\\d{1,15}(-[0-9a-z]{1,7})?$',
          description: 'The `cursor` of the previous page: continue from there.',
        },
      },
      responses: {
        200: {
          description:
            'A page of events; `cursor` is null on the last page. With `Accept: application/cloudevents-batch+json` only the array of events, and the next page in the header `Link`.',
          schema: listOf(ref('event'), { cursor: { type: ['string', 'null'] } }),
        },
        404: { description: 'There is no such channel.' },
        409: { description: 'Redis has lost events, so the cursor no longer holds.' },
      },
      async handle({ params, query, request, response }, { redis, channels }) {
        const { name } = await channels.get(params['channel']!);
        const { since, until, subject, limit, epochs } = query;
        const { items, cursor } = await readHistory(redis, name, {
          sinceMs: since === undefined ? undefined : timeMsOf(since),
          untilMs: until === undefined ? undefined : timeMsOf(until),
          subject,
          limit,
          allEpochs: epochs === 'all',
          cursor: query.cursor === undefined ? undefined : parseMarked(query.cursor),
        });
        const next = cursor && markedText(cursor);
        if (request.accepts(['application/json', BATCH_TYPE]) !== BATCH_TYPE)
          return { items: items.map((line) => new JsonText(line)), cursor: next };
        if (next !== null)
          response.links({ next: nextPage(basePathOf(request) + request.originalUrl, next) });
        response.type(BATCH_TYPE).send(`[${items.join(',')}]`);
        return undefined;
      },
    }),
  ],
} satisfies Resource;

const BATCH_TYPE = 'application/cloudevents-batch+json';

function nextPage(url: string, cursor: string): string {
  const [path, query] = url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `${path}?${parameters.toString()}`;
}
