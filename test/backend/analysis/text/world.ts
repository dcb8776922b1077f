import assert from 'node:assert/strict';
import { derive, eventsOf, type DerivedOutput } from '../../../../backend/analysis/engine/derive.ts';
import type { ServiceKind } from '../../../../backend/analysis/engine/service.ts';
import type { Data, CloudEvent } from '../../../../core/wire/event.ts';
import { create, derived, START_MS } from '../gps/world.ts';

/** Posts, one a second; a text stands for a datum with it. */
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

/** What a service that looks at one post at a time makes of each. */
export function readings(kind: ServiceKind, data: (string | Data)[], params: Data = {}): Data[] {
  return derived(kind, posts(data), params).map((output) => output.data);
}

/** What a service has derived, as the events that the next one reads. */
export function asEvents(kind: ServiceKind, outputs: DerivedOutput[]): CloudEvent[] {
  return eventsOf(kind.output, outputs);
}

/** What has no text is derived nothing from, and goes to the dead letters with the reason. */
export function refusesWhatHasNoText(kind: ServiceKind): void {
  const wrong: Data[] = [{}, { text: '' }, { text: ' \n' }, { text: null }, { text: 7 }, { text: ['a'] }];
  const { outputs, rejected } = derive(create(kind), posts(wrong));
  assert.deepEqual(outputs, []);
  assert.deepEqual(
    rejected.map(({ event, reason }) => [event.data, reason]),
    wrong.map((data) => [data, 'The post has no text.']),
  );
}

/** Skips a test, with words, where a recording does not lie beside the project. */
export function needs<T>(test: Mocha.Context, file: string, figures: T | null): T {
  if (figures !== null) return figures;
  test.test!.title += ` (skipped: there is no ../shared/data/${file})`;
  return test.skip();
}
