import type { ConvertResult, CutParams } from '../../../schemas/types.ts';
import type { TaskKind } from '../kind.ts';
import { askReplayer } from '../replayer.ts';

export default {
  name: 'cut',
  prepare: () => Promise.resolve(null),
  run: (params, { redis, signal }) => askReplayer<ConvertResult>(redis, 'convert', params, signal),
} satisfies TaskKind<CutParams, null, ConvertResult>;
