import type { ServiceKind } from '../engine/service.ts';
import { SlidingWindows } from '../windows/sliding-windows.ts';
import { Windows, type WindowParams } from '../windows/windows.ts';

const span = { type: 'string', pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d)$' };

export default {
  name: 'windows',
  summary: 'Aggregates over windows of event time.',
  input: 'gps.movement',
  output: 'gps.windows',
  params: {
    type: 'object',
    properties: {
      where: { type: 'string', description: 'Only events for which this CEL expression is true.' },
      by: {
        type: ['string', 'null'],
        default: 'subject',
        description: 'A window for each value of this member, or of `subject`; null: one for all.',
      },
      window: {
        type: 'object',
        properties: {
          kind: { enum: ['tumbling', 'hopping', 'sliding', 'session'] },
          size: span,
          every: span,
          offset: span,
        },
        required: ['kind', 'size'],
        additionalProperties: false,
      },
      lateness: { ...span, default: '0s', description: 'How late an event may be and still count.' },
      late: {
        enum: ['wait', 'correct'],
        default: 'wait',
        description:
          'wait: a window is published once nothing can be late any more. correct: at its end, and again with each late event.',
      },
      select: {
        type: 'object',
        additionalProperties: { type: 'string' },
        minProperties: 1,
        description: 'Name -> aggregate, such as avg(speed_mps).',
      },
    },
    required: ['window', 'select'],
    additionalProperties: false,
  },
  create(given) {
    const params = given as unknown as WindowParams;
    return params.window.kind === 'sliding' ? new SlidingWindows(params) : new Windows(params);
  },
} satisfies ServiceKind;
