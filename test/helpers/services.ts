import assert from 'node:assert/strict';
import { derive, type DerivedOutput } from '../../backend/analysis/engine/derive.ts';
import type { Service, ServiceKind } from '../../backend/analysis/engine/service.ts';
import { checkedParams } from '../../backend/analysis/hosting/registry.ts';
import type { CloudEvent, Data } from '../../core/wire/event.ts';
import { explain, validator } from '../../schemas/index.ts';

/** The time at which the events of these helpers begin. */
export const START_MS = Date.parse('2026-01-01T00:00:00Z');

/** A service of this kind with these parameters, which are checked as those of a configuration are. */
export function create(kind: ServiceKind, params: Data = {}): Service<unknown> {
  return kind.create(checkedParams(kind.name, kind, params));
}

/**
 * Returns what a service of this kind derives from the events. Asserts that the service derives the same when it is
 * killed after every `restartEvery` events, and that each output conforms to the schema of its channel.
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
