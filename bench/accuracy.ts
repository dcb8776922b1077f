import { measureDrift, WITHIN_POSTS } from './accuracy/drift.ts';
import { LANGUAGE_FILES, measureLanguage } from './accuracy/language.ts';
import { measureSentiment, measureTones, POSTS_FILE, TONE_FILE } from './accuracy/sentiment.ts';
import type { Bench, Figure } from './support/bench.ts';

export default {
  summary:
    'How right language (told which languages a file has), tone and drift are on the recordings in ../shared/data.',
  async run(report) {
    for (const file of LANGUAGE_FILES) reportLanguage(file, report);
    reportSentiment(report);
    await reportDrift(report);
  },
} satisfies Bench;

function reportLanguage(file: string, report: (figure: Figure) => void) {
  const figures = measureLanguage(file);
  if (!figures) return missing(file);
  const { right, byLanguage, rightOfAll, textsPerSecond } = figures;
  report({ name: `language ${file}`, value: right, unit: 'share right' });
  for (const [language, value] of byLanguage)
    report({ name: `language ${file} ${language}`, value, unit: 'share right' });
  report({ name: `language ${file}, of all 60`, value: rightOfAll, unit: 'share right' });
  report({ name: `language ${file}`, value: textsPerSecond, unit: 'texts/s of CPU' });
}

function reportSentiment(report: (figure: Figure) => void) {
  const figures = measureSentiment();
  if (!figures) return missing(TONE_FILE);
  report({ name: `sentiment ${TONE_FILE}`, value: figures.r, unit: 'Pearson r' });
  report({ name: `sentiment ${TONE_FILE}`, value: figures.weightedF1, unit: 'weighted F1' });
  report({ name: `sentiment ${TONE_FILE}`, value: figures.textsPerSecond, unit: 'texts/s of CPU' });
  for (const [language, { macroF1, isSupported }] of measureTones() ?? [])
    report({
      name: `sentiment ${POSTS_FILE} ${language}${isSupported ? '' : ', unsupported'}`,
      value: macroF1,
      unit: 'macro F1',
    });
}

/** Delays for both changes in each field, also for the change that concerns the other field; null: no alarm in time. */
async function reportDrift(report: (figure: Figure) => void) {
  const all = await measureDrift();
  if (!all) return missing(POSTS_FILE);
  for (const { source, field, detector, delays, early, false: wrong } of all) {
    const name = `drift ${POSTS_FILE} ${field} of ${source}, ${detector}`;
    for (const [change, delay] of Object.entries(delays)) {
      const unit = `posts after the ${change}, of ${WITHIN_POSTS} allowed`;
      report({ name, value: delay ?? NaN, unit });
    }
    report({ name, value: early, unit: 'alarms before the first change' });
    report({ name, value: wrong, unit: 'alarms of no known change' });
  }
}

function missing(file: string) {
  console.error(`skipped, because ../shared/data/${file} does not exist`);
}
