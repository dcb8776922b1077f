import { refusal } from '../../../core/problems/errors.ts';
import type { CloudEvent } from '../../../core/wire/event.ts';
import { markedText, markOf, type MarkedPosition } from '../../../core/wire/mark.ts';
import { dataTextIn, pickMembers, replaceMember } from '../../../core/wire/json-text.ts';
import { readMarkedHead, readSnapshot, readSubject } from '../../../core/redis/channel-store.ts';
import { inBox, type BoundingBox } from '../../gateway/delivery/bounding-box.ts';
import { bbox, parseBox } from '../http/bbox.ts';
import { JsonText, listOf, ref, HttpReply, type Schema } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

const fields: Schema = {
  type: 'string',
  minLength: 1,
  description: 'Only these members of `data`, separated by commas.',
  examples: ['latitude,longitude'],
};

interface Query {
  fields?: string;
  bbox?: string;
}

export default {
  name: 'state',
  description: 'The latest event of each subject of a channel.',
  routes: [
    route<Query>({
      method: 'get',
      path: '/channels/{channel}/state',
      summary: 'Get the latest event of each subject',
      channels: { read: '{channel}' },
      description:
        'The state at one position of the channel. The ETag is the position with a checksum of the event there: if both are unchanged, the response is 304.',
      scope: 'read',
      params: { channel: { type: 'string' } },
      query: {
        fields,
        bbox,
      },
      responses: {
        200: {
          description: 'The latest events.',
          schema: listOf(ref('event'), { epoch: { type: 'integer' }, offset: { type: 'integer' } }),
          headers: { ETag: 'The position and the checksum of its event, `"<epoch>-<offset>-<mark>"`.' },
        },
        304: { description: 'Nothing has changed.' },
        404: { description: 'There is no such channel.' },
      },
      async handle({ params, query, request, response }, { redis, channels }) {
        const box = query.bbox === undefined ? null : parseBox(query.bbox);
        const { name } = await channels.get(params['channel']!);
        const known = request.get('If-None-Match');
        if (known !== undefined) {
          const head = await readMarkedHead(redis, name);
          if (head.mark !== undefined && includes(known, quoted(head)))
            return new HttpReply(304, undefined, { ETag: quoted(head) });
        }
        const { events, ...head } = await readSnapshot(redis, name);
        const { epoch, offset } = head;
        // A channel without a log: only its state tells what its last event was.
        head.mark ??= markOf(events.toSorted().join('\n'));
        response.set({ ETag: quoted(head), 'Cache-Control': 'no-cache' });
        if (includes(known, quoted(head))) return new HttpReply(304, undefined);
        return new JsonText(
          `{"items":[${select(events, query.fields, box).join(',')}],"epoch":${epoch},"offset":${offset}}`,
        );
      },
    }),
    route<Pick<Query, 'fields'>>({
      method: 'get',
      path: '/channels/{channel}/state/{subject}',
      summary: 'Get the latest event of one subject',
      channels: { read: '{channel}' },
      scope: 'read',
      params: { channel: { type: 'string' }, subject: { type: 'string' } },
      query: { fields },
      responses: {
        200: { description: 'The latest event.', schema: ref('event') },
        304: { description: 'Nothing has changed.' },
        404: { description: 'There is no such channel, or no such subject.' },
      },
      async handle({ params, query, request, response }, { redis, channels }) {
        const { name } = await channels.get(params['channel']!);
        const subject = params['subject']!;
        const line = await readSubject(redis, name, subject);
        if (line === null) {
          throw refusal('subject_unknown', `Channel "${name}" has no subject "${subject.slice(0, 100)}".`, {
            hint: `GET /api/v1/channels/${name}/state lists its subjects.`,
          });
        }
        const etag = quoted({ ...(JSON.parse(line) as CloudEvent), mark: markOf(line) });
        response.set({ ETag: etag, 'Cache-Control': 'no-cache' });
        if (includes(request.get('If-None-Match'), etag)) return new HttpReply(304, undefined);
        return new JsonText(select([line], query.fields, null)[0]!);
      },
    }),
  ],
} satisfies Resource;

/** A position as an ETag. */
function quoted({ epoch, offset, mark }: MarkedPosition): string {
  return `"${markedText({ epoch, offset, mark })}"`;
}

/** Whether If-None-Match contains the tag. Express's own check also looks at `Cache-Control: no-cache`, which is meant for caches. */
function includes(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** Filters event lines by box and reduces their data to some members; all values stay as they are written. */
function select(lines: string[], names: string | undefined, box: BoundingBox | null): string[] {
  const wanted = names?.split(',').map((name) => name.trim());
  const inside = box ? lines.filter((line) => inBox(box, (JSON.parse(line) as CloudEvent).data)) : lines;
  if (!wanted) return inside;
  return inside.map((line) => replaceMember(line, 'data', pickMembers(dataTextIn(line) ?? '{}', wanted)));
}
