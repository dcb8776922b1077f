import { timeMsOf } from '../../../../core/wire/event.ts';
import { markedText, parseMarked } from '../../../../core/wire/mark.ts';
import { readHistory } from '../../../../core/redis/history.ts';
import {
  channel,
  envelope,
  filled,
  shown,
  subject,
  unknownParameters,
  type Envelope,
  type OwnAction,
} from '../action.ts';

interface Members {
  channel: string;
  subject?: string;
  limit?: number;
  envelope?: Envelope;
}

interface Query {
  since?: string;
  until?: string;
  limit?: number;
  cursor?: string;
}

const LIMIT = 100;
const LIMIT_MAX = 10_000;
const time = { type: 'string', format: 'date-time', description: 'Event time, inclusive.' };
const limit = { type: 'integer', minimum: 1, maximum: LIMIT_MAX };

export default {
  name: 'history',
  summary: 'Past events of a channel, newest first, as `{"items": [...], "cursor": ...}`.',
  members: {
    type: 'object',
    properties: {
      channel,
      subject,
      limit: {
        ...limit,
        description: `Maximum number of events if the caller sets none. Default: ${LIMIT}.`,
      },
      envelope,
    },
    required: ['channel'],
    additionalProperties: false,
  },
  scope: 'read',
  query: {
    since: time,
    until: time,
    limit,
    cursor: {
      type: 'string',
      pattern: '^\\d{1,15}-\\d{1,15}(-[0-9a-z]{1,7})?$',
      description: 'The `cursor` of the previous page.',
    },
  },
  flaws: (endpoint) => unknownParameters(endpoint, 'subject'),
  async handle(
    { channel: name, subject: about, limit: limitByDefault = LIMIT, envelope: as = 'cloudevents' },
    call,
    parts,
  ) {
    const query = call.query as Query;
    await parts.channels.get(name);
    const { items, cursor } = await readHistory(parts.redis, name, {
      sinceMs: query.since === undefined ? undefined : timeMsOf(query.since),
      untilMs: query.until === undefined ? undefined : timeMsOf(query.until),
      subject: about === undefined ? undefined : filled(about, call),
      limit: query.limit ?? limitByDefault,
      cursor: query.cursor === undefined ? undefined : parseMarked(query.cursor),
    });
    return {
      items: items.map((line) => shown(line, as)),
      cursor: cursor && markedText(cursor),
    };
  },
} satisfies OwnAction<Members>;
