import { refusal } from '../../../../core/problems/errors.ts';
import type { CloudEvent } from '../../../../core/wire/event.ts';
import { keys } from '../../../../core/wire/keys.ts';
import { readSnapshot, readSubject } from '../../../../core/redis/channel-store.ts';
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
import { JsonText } from '../../http/route.ts';

interface Members {
  channel: string;
  subject?: string;
  each?: boolean;
  envelope?: Envelope;
}

export default {
  name: 'state',
  summary: 'The latest data of a channel.',
  members: {
    type: 'object',
    properties: {
      channel,
      subject,
      each: {
        type: 'boolean',
        description: 'Return the latest data of each subject, sorted by subject, as `{"items": [...]}`.',
      },
      envelope,
    },
    required: ['channel'],
    additionalProperties: false,
  },
  scope: 'read',
  flaws: (endpoint) => unknownParameters(endpoint, 'subject'),
  async handle({ channel: name, each, subject: about, envelope: as = 'none' }, call, { redis, channels }) {
    const { latestKey, envelope: written } = await channels.get(name);
    if (each) {
      const { events } = await readSnapshot(redis, name);
      const latest = events.map((line) => ({ line, subject: (JSON.parse(line) as CloudEvent).subject }));
      latest.sort((a, b) => (a.subject < b.subject ? -1 : 1));
      return { items: latest.map(({ line }) => shown(line, as)) };
    }
    const of = about === undefined ? null : filled(about, call);
    if (of === null && as === 'none' && latestKey !== '' && written === 'none') {
      const data = await redis.get(keys.latest(latestKey));
      if (data !== null) return new JsonText(data);
    }
    const line =
      of === null
        ? (await redis.xrevrange(keys.log(name), '+', '-', 'COUNT', 1))[0]?.[1][1]
        : await readSubject(redis, name, of);
    if (line) return shown(line, as);
    const what = of === null ? '' : ` about "${of.slice(0, 100)}"`;
    throw refusal('state_empty', `Channel "${name}" has had no event${what} yet.`, {
      hint: 'Start a replay (POST /api/v1/replays), or `npm start` for the demo.',
    });
  },
} satisfies OwnAction<Members>;
