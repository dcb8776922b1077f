import type { ConvertResult, ConvertParams } from '../../../schemas/types.ts';
import type { TaskKind } from '../kind.ts';
import { askReplayer } from '../replayer.ts';

export default {
  name: 'convert',
  prepare: () => Promise.resolve(null),
  run: (params, context) => askReplayer<ConvertResult>('convert', params, context),
} satisfies TaskKind<ConvertParams, null, ConvertResult>;
