import type { PanelQuery } from './panel-query.ts';

/** Where the API and Redis are. */
export interface Endpoints {
  origin: string;
  /** The path before all others, with a slash at its end. */
  basePath: string;
  /** The port of Redis; undefined when the API does not know it. */
  redisPort: number | undefined;
  /** What the names in Redis begin with; '' for nothing. */
  namespace: string;
  /** Whether the API needs a key: the lines name its variable, never the key itself. */
  locked: boolean;
}

/** Past events to ask for: as many as a person reads. */
const ROWS = 100;

/** Commands for `curl` and `redis-cli`, and code for a Socket.IO client, that return what a panel shows. */
export function commandLines(
  query: PanelQuery,
  endpoints: Endpoints,
): { curl: string; redis: string; socket: string } {
  const redis = endpoints.redisPort ? `redis-cli -p ${endpoints.redisPort}` : 'redis-cli -u "$REDIS_URL"';
  const each = (line: (channel: string) => string): string => query.channels.map(line).join('\n');
  return {
    curl: each((channel) => curl(channel, query, endpoints)),
    redis: each((channel) => `${redis} ${redisCommand(channel, query, endpoints)}`),
    socket: socket(query, endpoints),
  };
}

function curl(
  channel: string,
  { what, subject, filter, since, until }: PanelQuery,
  { origin, basePath, locked }: Endpoints,
): string {
  const path = `${origin}${basePath}api/v1/channels/${encodeURIComponent(channel)}`;
  const header = locked ? ' -H "authorization: Bearer $REPRISE_API_KEY"' : '';
  const parameters = new URLSearchParams();
  if (what === 'state') {
    if (subject !== undefined)
      return `curl${header} ${quoted(`${path}/state/${encodeURIComponent(subject)}`)}`;
    if (filter?.bbox) parameters.set('bbox', filter.bbox.join());
  } else {
    parameters.set('limit', String(ROWS));
    if (subject !== undefined) parameters.set('subject', subject);
    if (since) parameters.set('since', since);
    if (until) parameters.set('until', until);
  }
  const text = parameters.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
  return `curl${header} ${quoted(`${path}/${what}${text && `?${text}`}`)}`;
}

function redisCommand(channel: string, { what, subject }: PanelQuery, { namespace }: Endpoints): string {
  const own = `${namespace && `${namespace}:`}reprise`;
  if (what === 'history') return `xrevrange ${quoted(`${own}:log:${channel}`)} + - count ${ROWS}`;
  const key = quoted(`${own}:state:${channel}`);
  return subject === undefined ? `hgetall ${key}` : `hget ${key} ${quoted(subject)}`;
}

function socket({ channels, subject, filter }: PanelQuery, { origin, basePath, locked }: Endpoints): string {
  const options = [
    ...(locked ? ['auth: { token: process.env.REPRISE_API_KEY }'] : []),
    ...(basePath === '/' ? [] : [`path: ${JSON.stringify(`${basePath}socket.io`)}`]),
  ];
  const wanted = subject === undefined ? filter : { subjects: [subject] };
  return [
    `import { io } from 'socket.io-client';`,
    `const live = io(${JSON.stringify(`${origin}/live`)}${options.length > 0 ? `, { ${options.join(', ')} }` : ''});`,
    `live.on('batch', ({ channel, events }) => console.log(channel, events));`,
    ...channels.map(
      (channel) =>
        `live.emit('subscribe', ${JSON.stringify({ channel, mode: 'stream', ...wanted })}, console.log);`,
    ),
  ].join('\n');
}

/** As one word in a shell. */
const quoted = (word: string): string =>
  /^[\w./:@,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
