import assert from 'node:assert/strict';
import { derive, eventsOf, type DerivedOutput } from '../../backend/analysis/engine/derive.ts';
import type { ServiceKind } from '../../backend/analysis/engine/service.ts';
import type { Data, CloudEvent } from '../../core/wire/event.ts';
import { create, derived, START_MS } from './services.ts';

/** Posts of one subject, one each second. A string is short for data that has only this text. */
function posts(data: (string | Data)[], subject = 'ada'): CloudEvent[] {
  return eventsOf(
    'posts',
    data.map((one, i) => ({
      subject,
      timeMs: START_MS + i * 1000,
      data: typeof one === 'string' ? { text: one } : one,
    })),
  );
}

/** The data that a service derives from posts. */
export function readings(kind: ServiceKind, data: (string | Data)[], params: Data = {}): Data[] {
  return derived(kind, posts(data), params).map((output) => output.data);
}

/** The outputs of a service as events, in the form in which the next service reads them. */
export function asEvents(kind: ServiceKind, outputs: DerivedOutput[]): CloudEvent[] {
  return eventsOf(kind.output, outputs);
}

/** Asserts that a service derives nothing from posts without a text, and rejects each with the reason. */
export function refusesWhatHasNoText(kind: ServiceKind): void {
  const wrong: Data[] = [{}, { text: '' }, { text: ' \n' }, { text: null }, { text: 7 }, { text: ['a'] }];
  const { outputs, rejected } = derive(create(kind), posts(wrong));
  assert.deepEqual(outputs, []);
  assert.deepEqual(
    rejected.map(({ event, reason }) => [event.data, reason]),
    wrong.map((data) => [data, 'The post has no text.']),
  );
}

/** Returns the figures measured on a recording. Skips the test, and says so in its title, where the recording is missing. */
export function needs<T>(test: Mocha.Context, file: string, figures: T | null): T {
  if (figures !== null) return figures;
  test.test!.title += ` (skipped: there is no ../shared/data/${file})`;
  return test.skip();
}
