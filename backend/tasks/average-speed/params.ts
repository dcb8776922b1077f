import type { CloudEvent, Position } from '../../../core/wire/event.ts';
import type { AverageSpeedParams } from '../../../schemas/types.ts';
import type { TaskContext } from '../kind.ts';

/** Validated parameters, with defaults. */
export type Params = AverageSpeedParams & Required<Pick<AverageSpeedParams, 'channel' | 'field' | 'clock'>>;

/** What is noted when the task is requested. */
export interface Prepared {
  /** Position of the channel. */
  position: Position;
}

/** What the task can use while it runs. */
export type SpeedContext = TaskContext<Prepared>;

/** The speed in an event; null if it has none, or is about another subject. */
export function speedOf(event: CloudEvent, { field, subject }: Params): number | null {
  if (subject !== undefined && event.subject !== subject) return null;
  const value = event.data[field];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
