/** @type {import('../../core/plugins/plugin.ts').Plugin} */
export default {
  name: 'length',
  register(api) {
    api.schema('channels/posts.length', {
      type: 'object',
      required: ['words', 'characters'],
      properties: { words: { type: 'integer' }, characters: { type: 'integer' } },
    });

    api.service({
      name: 'length',
      summary: 'Counts the words and characters of each post.',
      input: 'posts',
      output: 'posts.length',
      params: {
        type: 'object',
        properties: { minimum_words: { type: 'integer', minimum: 0, default: 0 } },
        additionalProperties: false,
      },
      create: ({ minimum_words: minimum }) => ({
        process({ text }) {
          if (typeof text !== 'string') return null;
          const words = text.split(/\s+/).filter(Boolean).length;
          return words < minimum ? null : { words, characters: text.length };
        },
      }),
    });

    api.action({
      name: 'longest',
      summary: 'The subject whose latest data has the largest value of a member.',
      scope: 'read',
      members: {
        type: 'object',
        properties: { channel: { type: 'string' }, member: { type: 'string' } },
        required: ['channel', 'member'],
        additionalProperties: false,
      },
      async handle({ channel, member }, _call, { redis, channels }) {
        await channels.get(channel);
        const state = await redis.hvals(api.keys.state(channel));
        const events = state.map((line) => JSON.parse(line)).sort((a, b) => b.data[member] - a.data[member]);
        if (events[0]) return { subject: events[0].subject, ...events[0].data };
        throw api.refusal('nothing_yet', 404, `Nothing has been on "${channel}" yet.`);
      },
    });
  },
};
