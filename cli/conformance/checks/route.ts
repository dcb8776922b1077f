import type { Route } from '../../../core/wire/pipeline.ts';
import type { Check } from '../check.ts';
import { Fault, type Lab } from '../lab.ts';

const HINT = 'reprise_done sends what is derived along the route, and takes off what is done of it.';

/** It sends on along the route. */
export const forward: Check = {
  name: 'forward',
  async run(lab) {
    const [next, then, end] = [await lab.channel(), await lab.channel(), await lab.channel()];
    await follow(
      lab,
      [next, then, end],
      [
        [next, [then, end]],
        [then, null],
        [end, null],
      ],
    );
    return { ok: 'what is derived goes one step along the route' };
  },
};

/** Where the route parts it sends on along each of the ways. */
export const branch: Check = {
  name: 'branch',
  async run(lab) {
    const [a, b, after, end] = [
      await lab.channel(),
      await lab.channel(),
      await lab.channel(),
      await lab.channel(),
    ];
    const expected: Expected[] = [
      [a, [end]],
      [b, [after, end]],
      [after, null],
      [end, null],
    ];
    await follow(lab, [[[a], [b, after]], end], expected);
    return { ok: 'where the route parts it takes every way' };
  },
};

/** What comes out on a channel: events with the rest of the route; null: none. */
type Expected = [channel: string, rest: Route | null];

async function follow(lab: Lab, route: Route, expected: Expected[]): Promise<void> {
  await lab.finished(await lab.send({ route }));
  for (const [channel, rest] of expected) {
    const out = await lab.log(channel);
    const wanted = rest ? lab.perEvent : 0;
    const at = `Of the route ${shown(route)}, ${shown(channel)} should get ${wanted}`;
    if (out.length !== wanted) throw new Fault(`${at} and got ${out.length}.`, HINT);
    for (const { event } of out)
      if (JSON.stringify(event.route) !== JSON.stringify(rest))
        throw new Fault(`${at} with the rest ${shown(rest)}, and got the rest ${shown(event.route)}.`, HINT);
  }
}

/** Without what channels have in common. */
function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'none').replace(/conformance\.\w+\./g, '').replaceAll('"', '');
}
