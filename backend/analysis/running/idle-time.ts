import type { Engine } from '../engine/engine.ts';

/** After this long without events, event time of a live channel follows the wall clock. */
const LIVE_IDLE_MS = 10_000;

/**
 * Lets event time pass while no events come.
 * @param watermarkMs what the replay says about its progress, epoch ms; null if no replay says anything
 * @param silentMs time since the last event came in
 */
export function advanceWhileIdle(engine: Engine, watermarkMs: number | null, silentMs: number): void {
  if (watermarkMs !== null) engine.advance(watermarkMs);
  else if (engine.isLive && silentMs > LIVE_IDLE_MS) engine.advance(engine.eventWatermarkMs + silentMs);
}
