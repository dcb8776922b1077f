import assert from 'node:assert/strict';
import { derive, eventsOf } from '../../../../backend/analysis/engine/derive.ts';
import topics from '../../../../backend/analysis/services/topics.ts';
import type { Data, CloudEvent } from '../../../../core/wire/event.ts';
import { Random } from '../../../../cli/simulate/support/random.ts';
import type { PostTopics } from '../../../../schemas/types.ts';
import { refusesWhatHasNoText } from '../../../helpers/posts.ts';
import { create, derived, START_MS } from '../../../helpers/services.ts';

const PARAMS = { window_seconds: 60, baseline_seconds: 600 };
/** The usual words: each is in about every tenth post. */
const USUAL = words('tram bus coffee rain sunday match music garden recipe holiday');

function words(text: string): string[] {
  return text.split(' ');
}

interface Said {
  seconds: number;
  text: string;
  more?: Data;
}

function events(said: Said[]): CloudEvent[] {
  return eventsOf(
    'posts',
    said.map(({ seconds, text, more }, i) => ({
      subject: `user-${i % 7}`,
      timeMs: START_MS + Math.round(seconds * 1000),
      data: { text, ...more },
    })),
  );
}

/** 20 minutes of 100 posts each. In minute 12, three posts in ten are about an outage, and half as many are about rain. */
function stream(seed = 1): Said[] {
  const random = new Random(seed, 'topics');
  return Array.from({ length: 2000 }, (_, i) => {
    const minute = Math.floor(i / 100);
    const about = USUAL.filter((word) => random.next() < (minute === 12 && word === 'rain' ? 0.15 : 0.1));
    const burst = minute === 12 && random.next() < 0.3 ? 'Outage downtown! #PowerCut' : '';
    return { seconds: i * 0.6, text: `The ${about.join(' and the ')} of today. ${burst}` };
  });
}

const windowsOf = (list: CloudEvent[], params: Data = {}, restartEvery = 50) =>
  derived(topics, list, { ...PARAMS, ...params }, restartEvery).map(
    ({ data }) => data as unknown as PostTopics,
  );

const bursts = (window: PostTopics) => window.topics.filter(({ burst }) => burst).map(({ term }) => term);

describe('service topics', () => {
  it('finds a burst of known words and hashtags in its window, and almost nothing elsewhere', () => {
    const chance: string[] = [];
    for (let seed = 1; seed <= 5; seed++) {
      const windows = windowsOf(events(stream(seed)));
      assert.deepEqual(
        windows.map(({ posts }) => posts),
        Array<number>(20).fill(100),
      );
      assert.deepEqual(bursts(windows[12]!).sort(), ['downtown', 'outage', 'powercut'], `seed ${seed}`);
      chance.push(...windows.toSpliced(12, 1).flatMap(bursts));
    }
    // Some 950 words and windows; a score such as that of a burst comes once in 10,000 times.
    assert.ok(chance.length <= 1, chance.join());
  });

  it('gives the number of posts with a word, and the expected number', () => {
    const said = stream();
    const { topics: found, ...window } = windowsOf(events(said))[12]!;
    assert.deepEqual(window, {
      window_start: '2026-01-01T00:12:00.000Z',
      window_end: '2026-01-01T00:13:00.000Z',
      complete: true,
      posts: 100,
      late: 0,
    });
    const inMinute = said.slice(1200, 1300);
    for (const { term, kind, count, expected } of found) {
      const written = new RegExp(kind === 'hashtag' ? `#${term}` : `\\b${term}\\b`, 'i');
      assert.equal(count, inMinute.filter(({ text }) => written.test(text)).length, term);
      // 100 posts: what the minutes before hold, each fainter by e^(-1/10) than the one after it.
      const counts = Array.from({ length: 12 }, (_, minute) => {
        const posts = said.slice(minute * 100, (minute + 1) * 100);
        return posts.filter(({ text }) => written.test(text)).length;
      });
      const weights = counts.map((_, minute) => Math.exp(-(11 - minute) / 10));
      const sum = counts.reduce((total, posts, minute) => total + posts * weights[minute]!, 0);
      const share = sum / weights.reduce((total, weight) => total + weight * 100, 0);
      assert.ok(Math.abs(expected! - share * 100) < 0.01, `${term}: ${expected}`);
    }
    assert.deepEqual(
      found.slice(0, 3).map(({ term, kind }) => [term, kind]),
      [
        ['downtown', 'term'],
        ['outage', 'term'],
        ['powercut', 'hashtag'],
      ],
    );
  });

  it("has the score of Dunning's ratio, equal to scipy", () => {
    // chi2_contingency([[8, 12], [2, 38]], correction=False, lambda_='log-likelihood').statistic
    const said = [
      ...Array.from({ length: 40 }, (_, i): Said => ({ seconds: i, text: i < 2 ? 'storm' : 'calm' })),
      ...Array.from({ length: 20 }, (_, i): Said => ({ seconds: 60 + i, text: i < 8 ? 'storm' : 'calm' })),
    ];
    const [, { topics: found }] = windowsOf(events(said), { baseline_seconds: 1e9 }) as [
      PostTopics,
      PostTopics,
    ];
    assert.deepEqual(found[0], {
      term: 'storm',
      kind: 'term',
      count: 8,
      expected: 1,
      score: 11.27,
      burst: false,
    });
    assert.deepEqual([found[1]!.term, found[1]!.score], ['calm', -11.27], 'it has become rarer');
  });

  it('is the same after a restart after each event', () => {
    windowsOf(events(stream().slice(0, 700)), {}, 1);
  });

  it('does not depend on the order of posts within a window', () => {
    const said = stream().map((one) => ({ ...one, seconds: Math.floor(one.seconds / 60) * 60 }));
    // The same word with and without a hash, in the same number of posts.
    for (const i of [100, 101, 102, 103]) said[i]!.text += i % 2 ? ' #tie' : ' tie';
    const random = new Random(3, 'order');
    const keys = new Map(said.map((one) => [one, random.next()]));
    const shuffled = said.toSorted((a, b) => a.seconds - b.seconds || keys.get(a)! - keys.get(b)!);
    const params = { top: 100, min_count: 1 };
    assert.notDeepEqual(shuffled, said);
    assert.deepEqual(windowsOf(events(shuffled), params), windowsOf(events(said), params));
  });

  it('leaves out the stop words of the language: detected, from the source or by parameter', () => {
    const terms = (text: string, more: Data, params: Data = {}) =>
      windowsOf(events([{ seconds: 0, text, more }]), { min_count: 1, ...params })[0]!.topics.map(
        (it) => it.term,
      );
    const text = 'RT @bo: die Straßenbahn und the tram, via https://ex.org/und 42 #Die_Bahn';
    assert.deepEqual(terms(text, { language: 'de' }).sort(), ['die_bahn', 'straßenbahn', 'the', 'tram']);
    assert.deepEqual(terms(text, { lang: 'de-AT' }).sort(), ['die_bahn', 'straßenbahn', 'the', 'tram']);
    assert.deepEqual(terms(text, {}, { language: 'de' }).sort(), ['die_bahn', 'straßenbahn', 'the', 'tram']);
    assert.deepEqual(terms(text, {}).sort(), ['die', 'die_bahn', 'straßenbahn', 'tram', 'und']);
    assert.deepEqual(terms(text, {}, { ignored: ['Tram', 'die', 'und'] }).sort(), [
      'die_bahn',
      'rt',
      'straßenbahn',
      'via',
    ]);
  });

  it('uses hashtags and text of a cleaned post', () => {
    const more = { clean: 'late again Night Bus', hashtags: ['Night_Bus'] };
    const [window] = windowsOf(events([{ seconds: 0, text: 'x', more }]), { min_count: 1 });
    assert.deepEqual(window!.topics.map(({ term, kind }) => `${kind} ${term}`).sort(), [
      'hashtag night_bus',
      'term bus',
      'term late',
      'term night',
    ]);
  });

  it('counts a word once per post, also the names of built-in members', () => {
    const said = Array.from({ length: 3 }, (_, i) => ({
      seconds: i,
      text: 'constructor constructor __proto__',
    }));
    const [window] = windowsOf(events(said));
    assert.deepEqual(
      window!.topics.map(({ term, count, expected, score }) => [term, count, expected, score]),
      [
        ['__proto__', 3, null, 0],
        ['constructor', 3, null, 0],
      ],
    );
  });

  it('publishes the last window when the replay ends, marked as incomplete', () => {
    const windows = windowsOf(events([0, 61, 62].map((seconds) => ({ seconds, text: 'tram' }))));
    assert.deepEqual(
      windows.map(({ complete, posts }) => [complete, posts]),
      [
        [true, 1],
        [false, 2],
      ],
    );
  });

  it('counts posts that come too late, and ignores posts from before a seek', () => {
    const late = windowsOf(events([0, 61, 30, 40, 125].map((seconds) => ({ seconds, text: 'tram' }))));
    assert.deepEqual(
      late.map(({ posts, late }) => [posts, late]),
      [
        [1, 0],
        [1, 2],
        [1, 0],
      ],
    );
    const [before, ...after] = events([10, 70, 71].map((seconds) => ({ seconds, text: 'tram' })));
    const [window] = windowsOf([{ ...before!, restored: true }, ...after]);
    assert.deepEqual([window!.window_start, window!.posts], ['2026-01-01T00:01:00.000Z', 2]);
  });

  it('keeps a bounded number of words', () => {
    const said = Array.from({ length: 3000 }, (_, i) => ({
      seconds: i / 100,
      text: `word${i} other${i} tram`,
    }));
    const [window] = windowsOf(events(said), { max_terms: 100, min_count: 2 }, 500);
    assert.deepEqual(
      [window!.posts, window!.topics.map(({ term, count }) => [term, count])],
      [3000, [['tram', 3000]]],
    );
  });

  it('sends posts of live sources that are far ahead of all others to the dead letters', () => {
    const live = events(Array.from({ length: 10 }, (_, i) => ({ seconds: i * 3600, text: 'tram' }))).map(
      ({ replay: _, ...event }) => ({ ...event, subject: 'fast' }),
    );
    const { rejected } = derive(create(topics, PARAMS), live);
    assert.deepEqual(
      [...new Set(rejected.map(({ reason }) => reason))],
      ['The time of the post is too far ahead of the others.'],
    );
  });

  it('sends posts without a text to the dead letters', () => refusesWhatHasNoText(topics));
});
