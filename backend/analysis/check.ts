import { isDeepStrictEqual } from 'node:util';
import type { Settings } from '../../core/settings/settings.ts';
import { withPlace, definitionOf } from '../../core/settings/config-file.ts';
import { sentence } from '../../core/problems/errors.ts';
import { isoTime } from '../../core/wire/event.ts';
import { Plugins } from '../../core/plugins/plugins.ts';
import { setupOf } from '../../core/setup/setup.ts';
import type { ConfigTest } from '../../schemas/types.ts';
import { derive, eventsOf } from './engine/derive.ts';
import type { Output } from './engine/results.ts';
import { serviceKinds } from './hosting/registry.ts';
import { plan, servicesOf, type PlannedService } from './hosting/plan.ts';

/** A checked part of a configuration, and its problems; none if it is valid. */
export interface Finding {
  what: string;
  problems: string[];
}

/** Checks all services and analytics of a configuration, and runs its tests. It needs no Redis. */
export async function checkSetup(settings: Settings, plugins = new Plugins()): Promise<Finding[]> {
  const kinds = await serviceKinds(plugins);
  const findings: Finding[] = [];
  const planned = new Map<string, PlannedService>();
  for (const [name, config] of servicesOf(setupOf(settings))) {
    try {
      const definition = definitionOf(settings, name);
      planned.set(
        name,
        withPlace(settings.file, definition, () => plan(name, config, kinds, settings.channels)),
      );
      findings.push({ what: `service ${name}`, problems: [] });
    } catch (error) {
      findings.push({ what: `service ${name}`, problems: [sentence(error)] });
    }
  }
  for (const [i, test] of settings.tests.entries()) {
    const service = planned.get(test.of);
    const problems = service
      ? differences(test, service)
      : [`The service "${test.of}" does not exist or can't run.`];
    findings.push({ what: `test ${test.name ?? `${i + 1} of ${test.of}`}`, problems });
  }
  return findings;
}

/** How the events that a service derives differ from those that a test expects. */
function differences(test: ConfigTest, { service, input, outputs }: PlannedService): string[] {
  const events = eventsOf(
    input,
    test.events.map(({ subject = '-', time, data }) => ({
      subject,
      timeMs: Date.parse(time),
      data,
    })),
  );
  const derived = derive(service, events, { ends: test.ended ?? true });
  const channel = ({ to }: Output) => outputs.get(to)!.name;
  const problems = test.expect.flatMap((expected, i) => {
    const output = derived.outputs[i];
    const place = `derived event ${i + 1}`;
    if (!output) return [`${place} is missing: ${JSON.stringify(expected)}`];
    const found = [
      differs(`${place}: channel`, expected.to, channel(output)),
      differs(`${place}: subject`, expected.subject, output.subject),
      differs(`${place}: time`, expected.time && isoTime(Date.parse(expected.time)), isoTime(output.timeMs)),
      ...Object.entries(expected.data).map(([member, value]) =>
        differs(`${place}: data.${member}`, value, output.data[member]),
      ),
    ];
    return found.filter((problem) => problem !== null);
  });
  const more = derived.outputs
    .slice(test.expect.length)
    .map(
      (output, i) =>
        `derived event ${test.expect.length + i + 1} is not expected: ${JSON.stringify({ to: channel(output), subject: output.subject, time: isoTime(output.timeMs), data: output.data })}`,
    );
  const rejected = differs('events rejected', test.rejected ?? 0, derived.rejected.length);
  return [...problems, ...more, ...(rejected ? [rejected] : [])];
}

function differs(what: string, expected: unknown, actual: unknown): string | null {
  if (expected === undefined || isDeepStrictEqual(expected, actual)) return null;
  return `${what} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`;
}
