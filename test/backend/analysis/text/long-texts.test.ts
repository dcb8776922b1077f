import assert from 'node:assert/strict';
import fc from 'fast-check';
import { words } from '../../../../backend/analysis/text/segments.ts';
import { readings } from '../../../helpers/posts.ts';
import { inWorker } from '../../../helpers/in-worker.ts';
import clean from '../../../../backend/analysis/services/clean.ts';
import language from '../../../../backend/analysis/services/language.ts';
import sentiment from '../../../../backend/analysis/services/sentiment.ts';
import topics from '../../../../backend/analysis/services/topics.ts';

const MEGA = 1_000_000;
const repeated = (text: string) => text.repeat(Math.ceil(MEGA / text.length));
/** Texts of a million characters, each of which was slow once or might be. */
const TEXTS: { [what: string]: string } = {
  'one word': repeated('a'),
  'at signs': repeated('@'),
  'number signs': repeated('#'),
  'number signs and digits': repeated(' #1'),
  parentheses: repeated('('),
  'schemes of links': repeated('http://'),
  links: repeated('http://a.de/x '),
  'links and names': repeated('http://a.de/x @foo #bar '),
  'a link of brackets': `http://a.de/${repeated('[(')}`,
  'a link of points': `http://${repeated('a.')}`,
  'a link of hyphens': `http://${repeated('a-')}`,
  'hosts without a scheme': repeated('a.de/'),
  'a mention with a long host': `@a@${repeated('b.')}`,
  'combining marks': `a${'\u0301'.repeat(MEGA / 2)}${'\u0323'.repeat(MEGA / 2)}`,
  spaces: `${repeated(' ')}x`,
  'line ends': `${repeated('\n')}x`,
  'halves of surrogates': repeated('\ud800'),
  'HTML entities': repeated('&amp'),
  ampersands: repeated('&'),
  punctuation: `${repeated('!')}a${'?'.repeat(1_000)}`,
  emoji: repeated('😀'),
  'emoji that are joined': `a${repeated('👩\u200d')}`,
  flags: repeated('🇩'),
  Thai: repeated('สวัสดีครับ'),
  Chinese: repeated('我们的中国人民'),
  Katakana: repeated('アイウエオ'),
  'words of a tone': `but ${repeated('good bad ')}`,
  'different words': Array.from({ length: MEGA / 8 }, (_, i) => `w${i.toString(36)}`).join(' '),
};

describe('long texts', () => {
  it('are analysed in a bounded time, whatever is in them', async function () {
    this.timeout(600_000);
    const jobs = Object.values(TEXTS).map((text) => ({ call: 'analysed', of: [text] }));
    const found = (await inWorker('../backend/analysis/text/analysed-text.ts', jobs, 20_000)) as number[][];
    assert.deepEqual(
      found.map((lengths, i) => [Object.keys(TEXTS)[i], lengths]),
      Object.keys(TEXTS).map((what) => [what, [10_000, 10_000, 10_000, 1]]),
    );
  });

  it('are divided into words in a time that grows with their length', async function () {
    this.timeout(600_000);
    const some = [
      'one word',
      'parentheses',
      'combining marks',
      'Thai',
      'Chinese',
      'emoji',
      'different words',
    ];
    const jobs = some.map((what) => ({ call: 'countWords', of: [TEXTS[what]] }));
    const found = await inWorker('../backend/analysis/text/analysed-text.ts', jobs, 20_000);
    assert.ok(found.every((count) => typeof count === 'number'));
    assert.equal(found.at(-1), MEGA / 8);
  });

  it('yield the same words in pieces as in one piece', function () {
    this.timeout(120_000);
    const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
    const word = fc.constantFrom(
      ...[
        'The',
        'tram',
        "isn't",
        'late',
        '3.5',
        '10,000',
        'e.g.',
        'a-b',
        'Ünïcödé',
        'cafe\u0301',
        'наш',
        'дом',
        'שלום',
        'ה"ה',
      ],
      ...[
        'สวัสดีครับ',
        'ประเทศไทย',
        '我们的中国人民',
        '東京都に住んでいます',
        'アイウエオ',
        '한국어',
        'नमस्ते',
        'မြန်မာ',
        'ភាសាខ្មែរ',
      ],
      ...[
        '👩\u200d👩\u200d👧',
        '🇩🇪🇫🇷',
        '👍🏽',
        '\u0301',
        '\u200d',
        '\ufe0f',
        '#tag',
        '@name',
        'http://a.de/b?c',
        '…',
        '"',
        '\ud800',
      ],
    );
    const gap = fc.constantFrom(
      ' ',
      ' ',
      ' ',
      '  ',
      '\n',
      '\t',
      '\u00a0',
      '\u3000',
      ', ',
      '. ',
      '。',
      '、',
      '「',
      '',
      ' \u0301',
      ' \u200d',
    );
    const text = fc
      .array(fc.tuple(word, gap), { minLength: 1, maxLength: 60 })
      .map((parts) => parts.map((part) => part.join('')).join(''));
    fc.assert(
      fc.property(text, fc.integer({ min: 5, max: 9 }), (part, times) => {
        // A text of several pieces, whose cuts fall at other places each time.
        const long = `${part} `.repeat(Math.ceil((times * 1_000) / part.length));
        const whole = [...segmenter.segment(long)].filter(({ isWordLike }) => isWordLike);
        assert.deepEqual(
          [...words(long)],
          whole.map(({ segment }) => segment),
        );
      }),
      { numRuns: 20 },
    );
  });

  it('are cut between two characters, and the output says how much was analysed', () => {
    const text = `${'é😀'.repeat(100)} and more`;
    for (const kind of [clean, language, sentiment]) {
      const [short, long] = readings(kind, ['short', text], { max_characters: 101 });
      assert.ok(!('analysed_characters' in short!), kind.name);
      assert.equal(long!['analysed_characters'], 100, kind.name);
      assert.equal(long!['text'], text, kind.name);
    }
    assert.ok(!String(readings(clean, [text], { max_characters: 101 })[0]!['clean']).includes('more'));
  });

  it('are counted in the topics of a window', () => {
    const [window] = readings(topics, ['storm '.repeat(100), 'storm', 'storm'], {
      max_characters: 100,
      min_count: 3,
    });
    assert.equal(window!['shortened'], 1);
    assert.deepEqual(
      (window!['topics'] as { term: string; count: number }[]).map(({ term, count }) => [term, count]),
      [['storm', 3]],
    );
    assert.ok(!('shortened' in readings(topics, ['storm'])[0]!));
  });
});
