import assert from 'node:assert/strict';
import { eventsOf } from '../../../../backend/analysis/engine/derive.ts';
import clean from '../../../../backend/analysis/services/clean.ts';
import language from '../../../../backend/analysis/services/language.ts';
import sentiment from '../../../../backend/analysis/services/sentiment.ts';
import topics from '../../../../backend/analysis/services/topics.ts';
import { recordingLines } from '../../../../bench/accuracy/data.ts';
import type { CloudEvent } from '../../../../core/wire/event.ts';
import type { PostTopics } from '../../../../schemas/types.ts';
import { asEvents, needs } from '../../../helpers/posts.ts';
import { derived } from '../../../helpers/services.ts';

const FILE = 'social_multilang_dev.ndjson';

describe('posts, read by one service after the other', () => {
  it('end up as one document each: text, cleaned text, language and tone; and make topics', function () {
    const posts = recorded(needs(this, FILE, recordingLines(FILE)));
    let documents: CloudEvent[] = posts;
    for (const kind of [language, clean, sentiment])
      documents = asEvents(kind, derived(kind, documents, {}, 100));
    assert.equal(documents.length, 1400);
    for (const [i, { subject, time, data }] of documents.entries()) {
      const post = posts[i]!;
      assert.deepEqual([subject, time], [post.subject, post.time]);
      for (const [member, value] of Object.entries(post.data)) assert.equal(data[member], value, member);
      assert.equal(typeof data['clean'], 'string');
      assert.match(data['language'] as string, /^(und|[a-z]{2})$/);
      assert.ok(Math.abs(data['compound'] as number) <= 1);
      // The detected language decides which lexicon is used.
      if (data['language'] === 'de') assert.equal(data['supported'], false);
      if (data['language'] === 'en') assert.equal(data['supported'], true);
    }
    const french = documents.find(({ data }) => data['language'] === 'fr' && data['compound'] !== 0);
    assert.ok(french, 'a tone by the French lexicon');
    const windows = derived(topics, documents, {}, 100).map(({ data }) => data as unknown as PostTopics);
    assert.equal(
      windows.reduce((sum, { posts }) => sum + posts, 0),
      1400,
    );
    const words = windows.flatMap(({ topics }) => topics.filter(({ kind }) => kind === 'term'));
    const stopWords = words.filter(({ term }) => /^(the|que|les|und|che|não|para|ist)$/.test(term));
    assert.ok(words.length > 30 && stopWords.length === 0, JSON.stringify(stopWords));
  });
});

function recorded(lines: string[]): CloudEvent[] {
  return eventsOf(
    'posts',
    lines.map((line) => {
      const data = JSON.parse(line) as { id: string; created_at: string; text: string };
      return { subject: data.id, timeMs: Date.parse(data.created_at), data };
    }),
  );
}
