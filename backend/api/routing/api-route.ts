import type { Settings } from '../../../core/settings/settings.ts';
import type { Plugins } from '../../../core/plugins/plugins.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { Streams } from '../../gateway/streams/streams.ts';
import type { TaskQueue } from '../../tasks/queue.ts';
import type { Route } from '../http/route.ts';
import type { ChannelUsers } from '../stores/channel-users.ts';
import type { Audit } from '../stores/audit.ts';
import type { Channels } from '../stores/channels.ts';
import type { Ingest } from '../stores/ingest.ts';
import type { Pipelines } from '../stores/pipelines.ts';
import type { Recorders } from '../stores/recorders.ts';
import type { RecordingsFolder } from '../stores/recordings/recordings.ts';
import type { Uploads } from '../stores/recordings/uploads.ts';
import type { Replays } from '../stores/replays.ts';
import type { Setups } from '../stores/setups.ts';
import type { System } from '../stores/system.ts';
import type { Traces } from '../stores/traces.ts';

/** What the handlers of routes and actions work with. main.ts builds it once. */
export interface ApiContext {
  settings: Pick<Settings, 'basePath' | 'channels' | 'data' | 'endpoints' | 'streetStyle' | 'rateLimit'>;
  audit: Audit;
  plugins: Plugins;
  redis: Redis;
  channels: Channels;
  channelUsers: ChannelUsers;
  streams: Streams;
  ingest: Ingest;
  recorders: Recorders;
  recordings: RecordingsFolder;
  uploads: Uploads;
  replays: Replays;
  setups: Setups;
  system: System;
  pipelines: Pipelines;
  tasks: TaskQueue;
  traces: Traces;
}

/** A route whose handler works with the context of this API. */
export type ApiRoute<Query = unknown, Body = unknown> = Route<ApiContext, Query, Body>;

/** A REST noun: its name in the docs, and its routes. Each file of resources/ exports one as its default. */
export interface Resource {
  name: string;
  description: string;
  routes: ApiRoute[];
}

/** Declares a route. The type parameters are what its schemas let through. */
export function route<Query = Record<string, never>, Body = never>(
  declared: ApiRoute<Query, Body>,
): ApiRoute {
  return declared;
}
