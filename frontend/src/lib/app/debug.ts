import { isPlace } from '../live/event-data.ts';
import type { PaintMark } from '../live/paint-times.ts';
import type { AppState } from './app-state.svelte.ts';

/** What tests and benchmarks read from the page, as `window.reprise`. */
export interface Debug {
  /** The latest place of each subject by channel, the position on each channel, and the state of the connection. */
  snapshot(): {
    subjects: Record<
      string,
      Record<string, { time: string; latitude: number; longitude: number; offset: number }>
    >;
    channels: Record<
      string,
      { epoch: number; offset: number; received: number; lost: number; conflated: number }
    >;
    state: string;
  };
  /** The newest painted event of any channel. */
  readonly painted: PaintMark | null;
  /** The newest painted event of each channel. */
  readonly paintedByChannel: Record<string, PaintMark>;
  readonly app: AppState;
}

declare global {
  interface Window {
    reprise: Debug;
  }
}

/** Makes the debug object; it only reads. */
export const debug = (app: AppState): Debug => ({
  app,
  snapshot() {
    const subjects: ReturnType<Debug['snapshot']>['subjects'] = {};
    for (const { name, latest } of app.channels.all.values()) {
      for (const { subject, time, offset, data } of latest.values()) {
        if (!isPlace(data)) continue;
        const { latitude, longitude } = data;
        (subjects[name] ??= {})[subject] = { time, latitude, longitude, offset };
      }
    }
    const channels = [...app.channels.all.values()].map(
      ({ name, epoch, offset, received, lost, conflated }) => [
        name,
        { epoch, offset, received, lost, conflated },
      ],
    );
    return { subjects, channels: Object.fromEntries(channels), state: app.connection.state };
  },
  get painted() {
    return app.paintTimes.last;
  },
  get paintedByChannel() {
    return Object.fromEntries(app.paintTimes.byChannel);
  },
});
