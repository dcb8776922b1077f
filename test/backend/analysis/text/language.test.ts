import assert from 'node:assert/strict';
import language from '../../../../backend/analysis/services/language.ts';
import { measureLanguage } from '../../../../bench/accuracy/language.ts';
import { needs, readings, refusesWhatHasNoText } from '../../../helpers/posts.ts';
import { create } from '../../../helpers/services.ts';

const SENTENCES = {
  en: 'The tram is early, what a lovely morning!',
  de: 'Die Straßenbahn kommt zu früh, was für ein schöner Morgen!',
  es: '¡El tranvía llega temprano, qué mañana tan bonita!',
  fr: 'Le tramway est en avance, quelle belle matinée !',
  it: 'Il tram è in anticipo, che bella mattina!',
  pt: 'O bonde chegou cedo, que linda manhã!',
  nl: 'De tram is vroeg, wat een mooie ochtend!',
  el: 'Το τραμ ήρθε νωρίς, τι όμορφο πρωινό!',
};

describe('service language', () => {
  const named = (texts: string[], params = {}) =>
    readings(language, texts, params).map((it) => it['language']);

  it('names the language of a sentence among 60', () => {
    assert.deepEqual(named(Object.values(SENTENCES)), Object.keys(SENTENCES));
  });

  it('gives the probability, and keeps the other members of a post', () => {
    const [post] = readings(language, [{ text: SENTENCES.de, lang: 'en', user: 'ada', likes: 3 }]);
    const { probability, ...rest } = post!;
    assert.ok((probability as number) > 0.95);
    assert.deepEqual(rest, { text: SENTENCES.de, lang: 'en', user: 'ada', likes: 3, language: 'de' });
  });

  it('uses only the words, not links, mentions and hashtags', () => {
    const noise =
      'https://example.org/the-very-best-news-of-this-morning @the_good_morning_show #GoodMorningWorld';
    const [bare, noisy] = readings(language, [SENTENCES.fr, `${SENTENCES.fr} ${noise}`]);
    assert.deepEqual([noisy!['language'], noisy!['probability']], ['fr', bare!['probability']]);
  });

  it('does not guess without words, or if no language is likely enough', () => {
    const wordless = ['😀😀😀', '12:30 - 14:00', 'https://example.org/a #morning @ada', 'ok'];
    assert.deepEqual(named(wordless), ['und', 'und', 'und', 'und']);
    const [unsure] = readings(language, ['Hotel Paris'], { min_probability: 0.999 });
    assert.equal(unsure!['language'], 'und');
    assert.ok((unsure!['probability'] as number) > 0, 'of the best guess');
  });

  it('guesses from fewer letters when asked to', () => {
    assert.deepEqual(named(['ναι'], { min_letters: 3 }), ['el']);
    assert.deepEqual(named(['ναι'], { min_letters: 4 }), ['und']);
  });

  it('names only expected languages', () => {
    assert.deepEqual(named([SENTENCES.pt], { languages: ['es', 'en'] }), ['es']);
    assert.throws(
      () => create(language, { languages: ['en', 'xx'] }),
      /xx can't be detected; use some of: .*\ben\b/,
    );
  });

  it('sends posts without a text to the dead letters', () => refusesWhatHasNoText(language));

  for (const [file, atLeast] of [
    ['langid_tweets_6lang.tsv', 0.99],
    ['social_multilang_dev.ndjson', 0.96],
  ] as const) {
    it(`is right on ${atLeast * 100} % of ${file}`, function () {
      const { right, rightOfAll, byLanguage } = needs(this, file, measureLanguage(file));
      assert.ok(right >= atLeast, `${right}`);
      assert.ok(rightOfAll >= atLeast, `${rightOfAll} of all 60`);
      // The average must not hide one language with bad results.
      for (const [name, share] of byLanguage) assert.ok(share >= 0.9, `${name}: ${share}`);
    });
  }
});
