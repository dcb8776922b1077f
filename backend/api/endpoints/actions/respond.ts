import type { OwnAction } from '../action.ts';

export default {
  name: 'respond',
  summary: 'A fixed answer.',
  members: {
    type: 'object',
    properties: { answer: { description: 'What is answered: any JSON value.' } },
    required: ['answer'],
    additionalProperties: false,
  },
  scope: 'read',
  handle: ({ answer }) => answer,
} satisfies OwnAction<{ answer: unknown }>;
