import { readHead } from '../../../core/redis/channel-store.ts';
import type { AverageSpeedResult } from '../../../schemas/types.ts';
import { overEventTime } from '../average-speed/event-time.ts';
import type { Prepared, Params } from '../average-speed/params.ts';
import { overWallTime } from '../average-speed/wall-time.ts';
import type { TaskKind } from '../kind.ts';

export default {
  name: 'average-speed',
  async prepare({ channel }, { redis, channel: known }) {
    await known(channel);
    return { position: await readHead(redis, channel) };
  },
  run: (params, context) => (params.clock === 'wall' ? overWallTime : overEventTime)(params, context),
} satisfies TaskKind<Params, Prepared, AverageSpeedResult>;
