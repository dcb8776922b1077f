import type { Settings } from '../../core/settings/settings.ts';
import type { Plugins } from '../../core/plugins/plugins.ts';
import type { Redis } from '../../core/redis/connection.ts';
import type { Streams } from '../gateway/streams.ts';
import type { TaskQueue } from '../tasks/queue.ts';
import type { Traces } from './traces.ts';
import type { Channels } from './channels.ts';
import type { Ingest } from './ingest.ts';
import type { Pipelines } from './pipelines.ts';
import type { Recorders } from './recorders.ts';
import type { RecordingsFolder } from './recordings.ts';
import type { Replays } from './replays.ts';
import type { Setups } from './setups.ts';
import type { System } from './system.ts';

/** What handlers work with; main.ts builds it once. */
export interface Parts {
  settings: Pick<Settings, 'channels' | 'endpoints' | 'streetStyle' | 'rateLimit'>;
  plugins: Plugins;
  redis: Redis;
  channels: Channels;
  streams: Streams;
  ingest: Ingest;
  recorders: Recorders;
  recordings: RecordingsFolder;
  replays: Replays;
  setups: Setups;
  system: System;
  pipelines: Pipelines;
  tasks: TaskQueue;
  traces: Traces;
}
