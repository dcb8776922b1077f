import assert from 'node:assert/strict';
import fc from 'fast-check';
import clean from '../../../../backend/analysis/services/clean.ts';
import { readings, refusesWhatHasNoText } from '../../../helpers/posts.ts';

describe('service clean', () => {
  const cleaned = (text: string, params = {}) => readings(clean, [text], params)[0]!['clean'];

  it('decodes HTML entities, once', () => {
    assert.equal(cleaned('Tom &amp; Jerry &lt;3 &#39;tea&#x27; caf&eacute;'), "Tom & Jerry <3 'tea' café");
    assert.equal(cleaned('&amp;amp; &amp;lt;b&amp;gt;'), '&amp; &lt;b&gt;');
    assert.equal(cleaned('AT&T R&B &nosuch; a&amp'), 'AT&T R&B &nosuch; a&amp');
  });

  it('shortens letters that are repeated for emphasis', () => {
    assert.equal(cleaned('Soooo goooood, NOOOO жжжж'), 'Soo good, NOO жж');
    assert.equal(cleaned('Soooo good', { max_repeats: 1 }), 'So god');
    assert.equal(cleaned('Soooo', { max_repeats: 0 }), 'Soooo');
    assert.equal(cleaned('Louis XIII, 10000, !!!! ....'), 'Louis XIII, 10000, !!!! ....');
  });

  it('lists hashtags, mentions and links, and treats them as its parameters say', () => {
    const text = 'RT @bo: late again 😡 #Night_Bus #42 #été https://ex.org/Aaaah?q=#x mail me@ex.org';
    const [post] = readings(clean, [{ text, user: 'ada' }]);
    assert.deepEqual(post, {
      text,
      user: 'ada',
      clean: 'RT : late again 😡 Night Bus #42 été mail me@ex.org',
      hashtags: ['Night_Bus', 'été'],
      mentions: ['bo'],
      urls: ['https://ex.org/Aaaah?q=#x'],
    });
    const kept = { urls: 'keep', mentions: 'keep', hashtags: 'keep' };
    assert.equal(cleaned(text, kept), text, 'links keep their letters');
    assert.equal(
      cleaned(text, { urls: 'placeholder', mentions: 'placeholder', hashtags: 'remove' }),
      'RT @user: late again 😡 #42 http mail me@ex.org',
    );
  });

  it('tells a missing space from a link', () => {
    const [post] = readings(clean, ['What fun.So good. See www.ex.org, ex.org/a. Version 1.2']);
    assert.deepEqual(post!['urls'], ['www.ex.org', 'ex.org/a']);
  });

  it('composes letters, removes invisible characters, and keeps case, punctuation and emoji', () => {
    assert.equal(cleaned('cafe\u0301 \u200bto\u00adday\ufeff'), 'café today');
    assert.equal(cleaned('  A\tb\r\n\nc\u00a0 d '), 'A b c d');
    const family = '👨\u200d👩\u200d👧 👍🏽 ❤\ufe0f 🇫🇷';
    assert.equal(cleaned(`WOW!? ${family} :-)`), `WOW!? ${family} :-)`);
  });

  it('may leave an empty text', () => {
    assert.equal(cleaned('@bo https://ex.org'), '');
  });

  it('does not change a text that it has cleaned', () => {
    const aPiece = fc.constantFrom(
      'Soooo',
      '#tag_a',
      '@bo',
      'https://ex.org/a',
      'é',
      'e\u0301',
      '😀',
      '!',
      '<',
      '7',
    );
    const aText = fc.oneof(
      fc.array(aPiece, { minLength: 1 }).map((pieces) => pieces.join(' ')),
      fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[&#@＃＠]/.test(text)),
    );
    fc.assert(
      fc.property(aText, (text) => {
        if (!/\S/.test(text)) return;
        const once = cleaned(text) as string;
        if (once !== '') assert.equal(cleaned(once), once);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('sends posts without a text to the dead letters', () => refusesWhatHasNoText(clean));
});
