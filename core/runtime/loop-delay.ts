import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;
/** The longest delay is that of this many looks: longer than the time between two scrapes. */
const LOOKS = 30;

const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
const longest: number[] = [];
let isOn = false;

/**
 * The longest delay of this process's event loop within the last 30 calls, seconds. Call it about once a second.
 */
export function loopDelaySeconds(): number {
  if (!isOn) histogram.enable();
  isOn = true;
  // The histogram counts the whole interval, also the part that was asked for.
  const delayMs = Math.max(0, histogram.max / 1e6 - RESOLUTION_MS);
  longest.push(histogram.count > 0 ? delayMs : 0);
  if (longest.length > LOOKS) longest.shift();
  histogram.reset();
  return Math.max(...longest) / 1000;
}
