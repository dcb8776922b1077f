import type { Settings } from '../../../core/settings/settings.ts';
import type { Plugins } from '../../../core/plugins/plugins.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { Streams } from '../../gateway/streams.ts';
import type { TaskQueue } from '../../tasks/queue.ts';
import type { Traces } from '../stores/traces.ts';
import type { Channels } from '../stores/channels.ts';
import type { Ingest } from '../stores/ingest.ts';
import type { Pipelines } from '../stores/pipelines.ts';
import type { Recorders } from '../stores/recorders.ts';
import type { RecordingsFolder } from '../stores/recordings.ts';
import type { Replays } from '../stores/replays.ts';
import type { Setups } from '../stores/setups.ts';
import type { System } from '../stores/system.ts';

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
