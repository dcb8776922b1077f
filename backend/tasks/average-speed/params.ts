import type { CloudEvent, Position } from '../../../core/wire/event.ts';
import type { AverageSpeedParams } from '../../../schemas/types.ts';
import type { TaskContext } from '../kind.ts';

/** Parameters after the door: with their defaults. */
export type Params = AverageSpeedParams & Required<Pick<AverageSpeedParams, 'channel' | 'field' | 'clock'>>;

/** What is noted of the moment of the request. */
export interface Prepared {
  /** Where the channel stood. */
  position: Position;
}

export type SpeedContext = TaskContext<Prepared>;

/** The event's speed, or null where it has none or is not asked about. */
export function speedOf(event: CloudEvent, { field, subject }: Params): number | null {
  if (subject !== undefined && event.subject !== subject) return null;
  const value = event.data[field];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
