import type { Heading, Lights } from './city.ts';

/** Seconds until a heading has green, from `time` in seconds on; 0 if it has. A heading without a turn of its own goes with the rows. */
export function secondsToGreen(lights: Lights, heading: Heading, time: number): number {
  const turnSeconds = lights.greenSeconds + lights.clearSeconds;
  const cycle = turnSeconds * lights.turns.length;
  const turn = Math.max(lights.turns.indexOf(heading), 0);
  const since = modulo(time - lights.offsetSeconds - turn * turnSeconds, cycle);
  return since < lights.greenSeconds ? 0 : cycle - since;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
