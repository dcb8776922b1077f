import type { Route } from '../../../core/wire/pipeline.ts';
import type { Check } from '../harness/check.ts';
import { Fault, type Harness } from '../harness/harness.ts';

const HINT = 'reprise_done sends results along the route, and removes the part that is done.';

/** It sends its results to the next channel of the route. */
export const forward: Check = {
  name: 'forward',
  async run(harness) {
    const [next, then, end] = [await harness.channel(), await harness.channel(), await harness.channel()];
    await follow(
      harness,
      [next, then, end],
      [
        [next, [then, end]],
        [then, null],
        [end, null],
      ],
    );
    return { ok: 'results go one step along the route' };
  },
};

/** Where the route branches, it sends its results along each branch. */
export const branch: Check = {
  name: 'branch',
  async run(harness) {
    const [a, b, after, end] = [
      await harness.channel(),
      await harness.channel(),
      await harness.channel(),
      await harness.channel(),
    ];
    const expected: Expected[] = [
      [a, [end]],
      [b, [after, end]],
      [after, null],
      [end, null],
    ];
    await follow(harness, [[[a], [b, after]], end], expected);
    return { ok: 'where the route branches, results take every branch' };
  },
};

/** The rest of the route that events on a channel carry; null: no events. */
type Expected = [channel: string, rest: Route | null];

async function follow(harness: Harness, route: Route, expected: Expected[]): Promise<void> {
  await harness.finished(await harness.send({ route }));
  for (const [channel, rest] of expected) {
    const out = await harness.log(channel);
    const wanted = rest ? harness.perEvent : 0;
    const at = `On the route ${shown(route)}, ${shown(channel)} should get ${wanted}`;
    if (out.length !== wanted) throw new Fault(`${at} and got ${out.length}.`, HINT);
    for (const { event } of out)
      if (JSON.stringify(event.route) !== JSON.stringify(rest))
        throw new Fault(`${at} with the rest ${shown(rest)}, and got the rest ${shown(event.route)}.`, HINT);
  }
}

/** A route without the prefix that all channels share. */
function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'none').replace(/conformance\.\w+\./g, '').replaceAll('"', '');
}
