import type { OwnAction } from '../action.ts';

export default {
  name: 'respond',
  summary: 'Returns a fixed value.',
  members: {
    type: 'object',
    properties: { answer: { description: 'The value: any JSON.' } },
    required: ['answer'],
    additionalProperties: false,
  },
  scope: 'read',
  handle: ({ answer }) => answer,
} satisfies OwnAction<{ answer: unknown }>;
