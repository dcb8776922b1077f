import type { ConvertResult, CutParams } from '../../../schemas/types.ts';
import type { TaskKind } from '../kind.ts';
import { askReplayer } from '../replayer.ts';

export default {
  name: 'cut',
  prepare: () => Promise.resolve(null),
  run: (params, context) => askReplayer<ConvertResult>('convert', params, context),
} satisfies TaskKind<CutParams, null, ConvertResult>;
