import type { ChannelFilter } from '../live/area-filter.svelte.ts';

/** What of which channels a panel shows. */
export interface PanelQuery {
  channels: readonly string[];
  /** The latest event of each subject, or what was before that. */
  what: 'state' | 'history';
  subject?: string | undefined;
  /** A part of the map, or some subjects. */
  wish?: ChannelFilter;
  /** Event times, ISO 8601. */
  since?: string | undefined;
  until?: string | undefined;
}

/** Where everything is; `port` is Redis's own, if the API knows it. */
export interface Endpoints {
  origin: string;
  redisPort: number | undefined;
  /** Whether the API asks for a key: it is named, never told. */
  locked: boolean;
}

/** Rows that a history is asked for, as a person reads them. */
const ROWS = 100;

/** The same as a panel shows, by `curl`, by `redis-cli` and by a Socket.IO client: a line or more for each channel. */
export function linesOf(
  asked: PanelQuery,
  place: Endpoints,
): { curl: string; redis: string; socket: string } {
  const redis = place.redisPort ? `redis-cli -p ${place.redisPort}` : 'redis-cli -u "$REDIS_URL"';
  const each = (line: (channel: string) => string): string => asked.channels.map(line).join('\n');
  return {
    curl: each((channel) => curl(channel, asked, place)),
    redis: each((channel) => `${redis} ${redisCommand(channel, asked)}`),
    socket: socket(asked, place),
  };
}

function curl(
  channel: string,
  { what, subject, wish, since, until }: PanelQuery,
  { origin, locked }: Endpoints,
): string {
  const path = `${origin}/api/v1/channels/${encodeURIComponent(channel)}`;
  const header = locked ? ' -H "authorization: Bearer $REPRISE_API_KEY"' : '';
  const query = new URLSearchParams();
  if (what === 'state') {
    if (subject !== undefined)
      return `curl${header} ${quoted(`${path}/state/${encodeURIComponent(subject)}`)}`;
    if (wish?.bbox) query.set('bbox', wish.bbox.join());
  } else {
    query.set('limit', String(ROWS));
    if (subject !== undefined) query.set('subject', subject);
    if (since) query.set('since', since);
    if (until) query.set('until', until);
  }
  const text = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
  return `curl${header} ${quoted(`${path}/${what}${text && `?${text}`}`)}`;
}

function redisCommand(channel: string, { what, subject }: PanelQuery): string {
  if (what === 'history') return `xrevrange ${quoted(`reprise:log:${channel}`)} + - count ${ROWS}`;
  const key = quoted(`reprise:state:${channel}`);
  return subject === undefined ? `hgetall ${key}` : `hget ${key} ${quoted(subject)}`;
}

function socket({ channels, subject, wish }: PanelQuery, { origin, locked }: Endpoints): string {
  const auth = locked ? ', { auth: { token: process.env.REPRISE_API_KEY } }' : '';
  const wanted = subject === undefined ? wish : { subjects: [subject] };
  return [
    `import { io } from 'socket.io-client';`,
    `const live = io(${JSON.stringify(`${origin}/live`)}${auth});`,
    `live.on('batch', ({ channel, events }) => console.log(channel, events));`,
    ...channels.map(
      (channel) =>
        `live.emit('subscribe', ${JSON.stringify({ channel, mode: 'stream', ...wanted })}, console.log);`,
    ),
  ].join('\n');
}

/** As one word of a shell. */
const quoted = (word: string): string =>
  /^[\w./:@,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
