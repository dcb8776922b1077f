import { createServer } from 'node:http';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../core/runtime/root.mjs';
import { sweepWorkFolders } from '../../core/files/work-folder.ts';
import type { Settings } from '../../core/settings/settings.ts';
import { refuseFlaws } from '../../core/settings/config-file.ts';
import { SetupFollower } from '../../core/setup/config-watch.ts';
import { failure } from '../../core/problems/errors.ts';
import { refuseOpenHost } from '../../core/settings/exposure.ts';
import { ProcessLog } from '../../core/logging/log.ts';
import { Presence, processInstance } from '../../core/redis/presence.ts';
import { Plugins } from '../../core/plugins/plugins.ts';
import { connect } from '../../core/redis/connection.ts';
import { Requester } from '../../core/redis/requests.ts';
import { ChannelQuota } from '../../core/channels/quota.ts';
import { Gateway } from '../gateway/gateway.ts';
import { Hub } from '../gateway/log/hub.ts';
import { StatusNews } from '../gateway/status-news.ts';
import { Streams } from '../gateway/streams/streams.ts';
import { taskKinds } from '../tasks/kind.ts';
import { TaskQueue } from '../tasks/queue.ts';
import { taskChannels } from '../tasks/task.ts';
import { admit } from './admission.ts';
import { createApp } from './app.ts';
import { openEndpoints } from './endpoints/endpoints.ts';
import { ChannelUsers } from './stores/channel-users.ts';
import { passwordOf } from '../../core/logging/redact.ts';
import { Audit } from './stores/audit.ts';
import { Channels } from './stores/channels.ts';
import { FrontDoor } from './http/access/front-door.ts';
import { Connections } from './http/access/connections.ts';
import { Guesses } from './http/guesses.ts';
import { checkAllowedHosts, KnownHosts } from './http/access/hosts.ts';
import { TrustedProxies } from './http/access/proxies.ts';
import { Guard } from './http/guard.ts';
import { Ingest } from './stores/ingest.ts';
import { Keyring } from './http/keyring.ts';
import { Metrics } from './metrics/metrics.ts';
import type { ApiContext } from './routing/api-route.ts';
import { Pipelines } from './stores/pipelines.ts';
import { Recorders } from './stores/recorders.ts';
import { RecordingEndings } from './stores/recordings/recording-endings.ts';
import { RecordingsFolder } from './stores/recordings/recordings.ts';
import { Uploads } from './stores/recordings/uploads.ts';
import { Replayers } from './stores/replayers.ts';
import { ChannelReaders } from './stores/channel-readers.ts';
import { Replays } from './stores/replays.ts';
import { Setups } from './stores/setups.ts';
import { System } from './stores/system.ts';
import { Traces } from './stores/traces.ts';

/** Long enough for a large recording over a slow connection. */
const REQUEST_MS = 3_600_000;
/** Headers that take longer keep a connection open for nothing. */
const HEADERS_MS = 15_000;
const CHECK_MS = 5_000;

/** Closes something that was opened. */
type Close = () => unknown;

/**
 * The API role: REST, the page and the live gateway on one port.
 * @throws refusal if the configuration is not valid; failure if Redis or the port is not available
 */
export async function serve(settings: Settings): Promise<{ close(): Promise<void>; url: string }> {
  const opened: Close[] = [];
  const close = async () => {
    for (let last = opened.pop(); last; last = opened.pop()) await last();
  };
  try {
    return { url: await open(settings, opened), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Starts the role and returns its address. `opened` gets what must be closed, in the order of opening. */
async function open(settings: Settings, opened: Close[]): Promise<string> {
  refuseOpenHost(settings);
  checkAllowedHosts(settings.allowedHosts);
  await mkdir(settings.recordings, { recursive: true });
  const logs = new ProcessLog('api', settings);
  const { log } = logs;
  const plugins = await Plugins.load(settings.plugins, log);
  const kinds = await taskKinds(plugins);
  const endpoints = await openEndpoints(settings, plugins, [...kinds.keys()], log);
  logs.add(plugins.added('logSinks'));
  const keyring = new Keyring(settings.apiKey, settings.keys, log);
  opened.push(() => keyring.close());
  const redis = await connect(settings, 'api');
  opened.push(() => redis.disconnect());
  logs.keepIn(redis);
  opened.push(() => logs.close());
  const requester = new Requester(redis);
  opened.push(() => requester.close());
  const replayers = new Replayers(redis, requester);
  const channels = new Channels(redis, settings.channels);
  const hub = new Hub(redis, log);
  opened.push(() => hub.close());
  const streams = new Streams(redis, hub);
  opened.push(() => streams.close());
  const replays = new Replays(redis, replayers);
  const tasks = new TaskQueue(redis, kinds, (name) => channels.logged(name), settings.quotas.tasks);
  opened.push(() => tasks.close());
  const ingest = new Ingest(redis, new ChannelQuota(redis, Object.keys(settings.channels), settings.quotas));
  const following = new SetupFollower({
    redis,
    settings,
    log,
    changed: async (setup) => endpoints.apply(Object.values(setup.endpoints)),
    check: (config, file) => refuseFlaws(file, 'endpoints', endpoints.flaws(config.endpoints ?? [])),
  });
  opened.push(() => following.close());
  const setups = new Setups(redis, following.store, settings.channels, plugins);
  const endings = new RecordingEndings(plugins.added('formats'));
  const recordings = new RecordingsFolder(settings.recordings, replayers, endings);
  const sweeping = sweepWorkFolders(settings.recordings, (names) =>
    log.warn({ names }, 'Removed what a process left that ended during an upload or a conversion.'),
  );
  opened.push(() => sweeping.close());
  const context: ApiContext = {
    settings,
    audit: new Audit(redis, log, [settings.apiKey, passwordOf(settings.redisUrl)]),
    plugins,
    redis,
    channels,
    channelUsers: new ChannelUsers(redis, setups, replays),
    streams,
    replays,
    setups,
    system: new System({
      redis,
      setups,
      replays,
      flaws: (wanted) => endpoints.flaws(wanted),
      problems: () => [
        ...[plugins.missing, following.problem].filter((problem) => problem !== null),
        ...endpoints.problems,
      ],
    }),
    pipelines: new Pipelines({ redis, channels, hub, ingest, setups }),
    tasks,
    traces: new Traces(redis, new ChannelReaders(redis, setups)),
    ingest,
    recorders: new Recorders(redis, requester),
    recordings,
    uploads: new Uploads(recordings, settings.quotas),
  };
  const door = new FrontDoor({
    hosts: new KnownHosts(settings.host, settings.allowedHosts),
    origins: settings.origins,
    proxies: new TrustedProxies(settings.trustProxy),
    basePath: settings.basePath,
  });
  const guard = new Guard(keyring, new Guesses(redis));
  const connections = new Connections(settings.rateLimit.connections);
  const metrics = new Metrics({
    redis,
    channels,
    replays,
    tasks,
    gateway: () => streams.figures,
    kinds: () => Array.from(streams.clients, ({ kind }) => kind),
  });
  const app = await createApp({
    context,
    connections,
    endpoints,
    door,
    guard,
    metrics,
    log,
    pageFolder: join(root, 'dist', 'page'),
    keyed: keyring.isKeyed,
    redisUrl: settings.redisUrl,
  });
  const http = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: HEADERS_MS, connectionsCheckingInterval: CHECK_MS },
    app,
  );
  const gateway = new Gateway(http, {
    streams,
    log,
    origins: settings.origins,
    channel: (name) => channels.logged(name),
    checkRequest(request) {
      door.checkHost(request);
      // A WebSocket is refused when it joins, where the reason can be said.
      if (request.headers.upgrade === undefined) door.checkOrigin(request);
    },
    admit: (handshake) => admit(handshake, { door, guard, replays, connections, audit: context.audit.add }),
    // Until it has joined, a connection is only known by its address.
    connected: (request) => connections.take(`unjoined ${door.addressOf(request)}`),
  });
  for (const event of ['request', 'upgrade']) http.prependListener(event, door.enter);
  const news = new StatusNews(redis, () => replays.list(), gateway.broadcast, taskChannels);
  opened.push(() => news.close());
  gateway.live.on('connection', ({ id }) => news.greet(id));
  const url = await listen(http, settings.port, settings.host);
  opened.push(async () => {
    const closed = new Promise((resolve) => http.close(resolve));
    gateway.close();
    http.closeAllConnections();
    await closed;
    log.info('stopped');
  });
  const started = new Date().toISOString();
  const presence = new Presence(redis, () => ({
    name: 'api',
    role: 'api',
    state: 'running',
    instance: processInstance('api'),
    pid: process.pid,
    started,
  }));
  opened.push(() => presence.close());
  if (settings.otlp) {
    // Loaded on demand: most installations export no traces.
    const { TraceExport } = await import('./stores/otlp.ts');
    const traceExport = new TraceExport(redis, settings.otlp, processInstance('api'), log);
    opened.push(() => traceExport.close());
  }
  log.info({ url }, 'started');
  return url;
}

/** Listens on a port and returns the address. @throws failure `port_taken` */
function listen(http: ReturnType<typeof createServer>, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      reject(
        failure(
          'port_taken',
          taken ? `Port ${port} is taken.` : `Can't listen on ${host}:${port}: ${cause.message}.`,
          {
            hint: 'Choose another with --port or REPRISE_PORT (0 for any free one).',
            cause,
          },
        ),
      );
    });
    http.listen(port, host, () => {
      const address = http.address();
      const actual = typeof address === 'object' && address ? address.port : port;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${actual}`);
    });
  });
}
