import assert from 'node:assert/strict';
import { simulatePosts } from '../../cli/simulate/posts/posts.ts';
import { explain, validator } from '../../schemas/index.ts';

describe('simulate posts', () => {
  const made = simulatePosts({ seed: 7 });
  const posts = [...made.posts];
  const truth = made.truth();

  it('gives valid posts in time order, with ids of their own', () => {
    const valid = validator('channels/posts');
    for (const post of posts)
      assert.ok(
        valid(post) && !/[{}]|undefined/.test(post.text),
        `${post.text}: ${explain(valid.errors, post)}`,
      );
    for (let i = 1; i < posts.length; i++) assert.ok(posts[i]!.created_at >= posts[i - 1]!.created_at);
    assert.equal(new Set(posts.map(({ id }) => id)).size, posts.length);
  });

  it('counts in the truth what is in the data: in all, and in each phase', () => {
    assert.equal(truth.records, posts.length);
    assert.deepEqual(truth.languages, tally(posts.map(({ lang }) => lang)));
    assert.deepEqual(truth.sentiments, tally(posts.map(({ true_sentiment }) => true_sentiment)));
    for (const { start, end, counts, posts: count } of truth.phases) {
      const own = posts.filter(({ created_at }) => created_at >= start && created_at < end);
      assert.equal(own.length, count);
      assert.deepEqual(counts.languages, tally(own.map(({ lang }) => lang)));
      assert.deepEqual(counts.sentiments, tally(own.map(({ true_sentiment }) => true_sentiment)));
    }
  });

  it('has a burst, shifts of language and mood, and English in the majority', () => {
    const perSecond = ({ start, end, posts: count }: { start: string; end: string; posts: number }) =>
      count / ((Date.parse(end) - Date.parse(start)) / 1000);
    const usual = truth.phases.find(({ name }) => name === 'morning')!;
    assert.ok(perSecond(truth.bursts[0]!) > 4 * perSecond(usual));
    const changed = new Set(truth.change_points.map(({ of }) => of));
    assert.deepEqual([...changed].sort(), ['languages', 'pace', 'sentiments', 'topics']);
    const english = truth.languages.en! / truth.records;
    assert.ok(english > 0.55 && english < 0.65, `${english} English`);
  });

  it('hardly repeats itself', () => {
    for (const lang of ['en', 'es', 'fr', 'de', 'it', 'pt']) {
      const texts = posts.filter((post) => post.lang === lang).map(({ text }) => text);
      assert.ok(
        new Set(texts).size > 0.9 * texts.length,
        `${new Set(texts).size} of ${texts.length} in ${lang}`,
      );
    }
  });
});

function tally(values: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
