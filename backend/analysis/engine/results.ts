import type { CloudEvent, Data } from '../../../core/wire/event.ts';
import type { Telemetry } from './telemetry.ts';
import type { KeyTimer } from './timers.ts';

/** A derived event on its way to an output. */
export interface Output {
  /** Name of the output. */
  to: string;
  subject: string;
  /** Event time, epoch ms. */
  timeMs: number;
  /** null: the data of `cause`, as they came. */
  data: Data | null;
  /** `data` as JSON text. */
  text: string | null;
  /** The replay of the event that it was derived from: derived events of a replay are marked as replayed too. */
  replay: string | undefined;
  /** Whether it was derived from a restored event. */
  restored: boolean;
  /** The event that it was derived from; null if a timer derived it. */
  cause: CloudEvent | null;
}

/** An input event that goes to the dead letters, or comes back later. */
export interface RejectedEvent {
  event: CloudEvent;
  /** A problem code, if it was not the service that rejected it. */
  code?: string;
  reason: string;
  /** Whether the service failed: a retry might succeed. */
  isFailure: boolean;
}

/** A timer at which a service failed. */
export interface FailedTimer extends KeyTimer {
  /** A problem code, if it was not the service that failed. */
  code?: string;
  reason: string;
}

/** What the engine derived since the last drain. */
export interface Results {
  outputs: Output[];
  rejected: RejectedEvent[];
  failed: FailedTimer[];
  /** Input events whose trace may be sampled. */
  traced: CloudEvent[];
  telemetry: Telemetry;
  /** Changed entries of the checkpoint: entry -> JSON text; '' deletes the entry. */
  entries: Map<string, string>;
}
