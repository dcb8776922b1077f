import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { derive, eventsOf, type DerivedOutput } from '../../../../backend/analysis/engine/derive.ts';
import { checkedParams } from '../../../../backend/analysis/hosting/registry.ts';
import type { Service, ServiceKind } from '../../../../backend/analysis/engine/service.ts';
import type { Data, CloudEvent } from '../../../../core/wire/event.ts';
import { TextRecording } from '../../../../replayer/reading/text-recording.ts';
import { explain, validator } from '../../../../schemas/index.ts';

export const START_MS = Date.parse('2026-01-01T00:00:00Z');
/** A metre to the north, in degrees. */
export const NORTH_M = 180 / (Math.PI * 6_371_000);

/** A fix: seconds since the start, latitude, longitude, and what else it says. */
export type Row = [seconds: number, latitude: number, longitude: number, more?: Data];

export function fixes(rows: Row[], subject = 'a'): CloudEvent[] {
  return eventsOf(
    'gps',
    rows.map(([seconds, latitude, longitude, more]) => ({
      subject,
      timeMs: START_MS + seconds * 1000,
      data: { latitude, longitude, ...more },
    })),
  );
}

export function create(kind: ServiceKind, params: Data = {}): Service<unknown> {
  return kind.create(checkedParams(kind.name, kind, params));
}

/**
 * What a service of this kind derives. It is the same when the service is killed after every `restartEvery` events, and
 * conforms to the schema of its channel.
 */
export function derived(
  kind: ServiceKind,
  events: CloudEvent[],
  params: Data = {},
  restartEvery = 1,
): DerivedOutput[] {
  const { outputs } = derive(create(kind, params), events);
  assert.deepEqual(derive(create(kind, params), events, { restartEvery }).outputs, outputs);
  const channels = new Map(Object.entries({ output: kind.output, ...kind.outputs }));
  for (const { to, data } of outputs) {
    const validate = validator(`channels/${channels.get(to)}`);
    assert.ok(validate(data), `${JSON.stringify(data)}: ${explain(validate.errors, data)}`);
  }
  return outputs;
}

/** The events of one of the recordings that lie beside the project. A test without it is skipped. */
export async function recorded(test: Mocha.Context, file: string): Promise<CloudEvent[]> {
  const path = fileURLToPath(new URL(`../../../../../shared/data/${file}`, import.meta.url));
  if (!existsSync(path)) {
    test.test!.title += ` (skipped: there is no ${path})`;
    test.skip();
  }
  const recording = await TextRecording.open(path);
  const rows = [];
  for await (const block of recording.blocks())
    for (const { subject, timeMs, data } of block.records())
      rows.push({ subject, timeMs, data: JSON.parse(data) as Data });
  return eventsOf('gps', rows);
}
