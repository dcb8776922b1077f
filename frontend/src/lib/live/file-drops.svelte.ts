import type {
  Problem,
  Rate,
  Recording,
  RecordingOptions,
  Replay,
  ReplayRequest,
} from '../../../../schemas/types.ts';
import { api, problemOf } from './api.ts';
import type { Recordings } from './recordings.svelte.ts';
import type { Replays } from './replays.svelte.ts';

/** Files that are being uploaded to be played; the page shows a card for them. */
export interface FileDrop {
  readonly id: number;
  readonly name: string;
  stage: 'uploading' | 'reading' | 'playing' | 'conflict' | 'exists' | 'failed';
  /** Share of the bytes sent, 0..1. */
  progress: number;
  recordings: Recording[];
  /** How the recordings are to be read; what is absent is inferred. */
  options: Omit<RecordingOptions, 'id'>;
  /** How the replay begins, where that is given: its name, its rate, and the time to go to (ISO 8601). */
  begin: { id?: string | undefined; rate?: Rate | undefined; position?: string };
  problem?: Problem;
  /** The replay that owns a channel that this file needs. */
  rival?: Replay;
  abort: AbortController;
  readonly files: readonly File[];
}

/** Uploads files, starts a replay of them, and asks what to do when a channel is in use. */
export class FileDrops {
  list = $state<FileDrop[]>([]);
  /** Takes dropped files instead: set by a page that only uploads them. */
  taker = $state.raw<(files: readonly File[]) => void>();
  #next = 1;
  readonly #recordings: Recordings;
  readonly #replays: Replays;

  constructor(recordings: Recordings, replays: Replays) {
    this.#recordings = recordings;
    this.#replays = replays;
  }

  /** Plays files as one replay, on one timeline. */
  async play(files: readonly File[]): Promise<void> {
    if (files.length === 0) return;
    const name = files.map((file) => file.name).join(', ');
    await this.send(this.#add(name, 'uploading', files));
  }

  /** Uploads the files of a card and plays them. `existing` says what happens to a recording of the same name. */
  async send(drop: FileDrop, existing: 'ask' | 'replace' | 'use' = 'ask'): Promise<void> {
    const { files } = drop;
    Object.assign(drop, { stage: 'uploading', progress: 0, recordings: [] });
    try {
      const total = files.reduce((sum, { size }) => sum + size, 0) || 1;
      let sent = 0;
      for (const file of files) {
        const progress = (share: number): void => {
          drop.progress = (sent + share * file.size) / total;
          if (drop.progress >= 1) drop.stage = 'reading';
        };
        const recording = await this.#recordingOf(file, existing, progress, drop.abort.signal);
        sent += file.size;
        this.#recordings.keep(recording);
        drop.recordings.push(recording);
      }
      void this.#recordings.refresh();
      await this.start(drop);
    } catch (error) {
      if (problemOf(error).code === 'recording_exists') drop.stage = 'exists';
      else this.#fail(drop, error);
    }
  }

  /** Plays a recording that is already in the folder. */
  playRecording(id: string, options: FileDrop['options'] = {}): Promise<void> {
    return this.playRecordings([id], {}, options);
  }

  /** Plays recordings that are already in the folder, as one replay. */
  async playRecordings(
    ids: readonly string[],
    begin: FileDrop['begin'],
    options: FileDrop['options'] = {},
  ): Promise<void> {
    const drop = this.#add(ids.join(', '), 'reading');
    Object.assign(drop, { options, begin });
    try {
      drop.recordings = await Promise.all(ids.map((id) => api.recording(id)));
      for (const recording of drop.recordings) this.#recordings.keep(recording);
      await this.start(drop);
    } catch (error) {
      this.#fail(drop, error);
    }
  }

  /** Starts the replay: plainly, after stopping its rival, or beside it on a channel of its own. */
  async start(drop: FileDrop, how: 'plain' | 'replace' | 'beside' = 'plain'): Promise<void> {
    drop.stage = 'reading';
    try {
      if (how === 'replace' && drop.rival) await api.removeReplay(drop.rival.id);
      const recordings = drop.recordings.map((recording) =>
        optionsOf(recording.id, drop.options, how === 'beside'),
      ) as [string, ...string[]];
      const { id, rate = 1, position } = drop.begin;
      const request = { recordings, rate, ...(id !== undefined && { id }) };
      const replay = await this.#begin(request, how === 'replace');
      await this.#replays.refresh();
      this.#replays.choose(replay.id);
      if (position !== undefined) await this.#replays.patch({ position });
      drop.stage = 'playing';
      drop.rival = drop.problem = undefined;
      setTimeout(() => this.dismiss(drop), 12_000);
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status === 409) await this.#replays.refresh();
      const rival = problem.status === 409 ? this.#rivalOf(drop) : undefined;
      if (!rival) return this.#fail(drop, error);
      Object.assign(drop, { stage: 'conflict', problem, rival });
      // A replay that is over can be replaced without asking.
      if (how !== 'replace' && (rival.state === 'ended' || rival.state === 'failed'))
        await this.start(drop, 'replace');
    }
  }

  /** Removes the card and aborts its upload. */
  dismiss(drop: FileDrop): void {
    drop.abort.abort(new Error('dismissed'));
    this.list = this.list.filter(({ id }) => id !== drop.id);
  }

  /** Uploads a file, or takes the existing recording when it is to be used or has the same name and size. */
  async #recordingOf(
    file: File,
    existing: 'ask' | 'replace' | 'use',
    progress: (share: number) => void,
    signal: AbortSignal,
  ): Promise<Recording> {
    if (existing === 'replace') return api.upload(file, true, progress, signal);
    await this.#recordings.refresh();
    const there = this.#recordings.list.find(({ id }) => id === file.name);
    if (there && (existing === 'use' || there.bytes === file.size)) return api.recording(there.id);
    return api.upload(file, false, progress, signal);
  }

  /** Starts it. After another replay was stopped, its channels may take a moment to become free. */
  async #begin(request: ReplayRequest, afterAnother: boolean): Promise<Replay> {
    for (let tries = afterAnother ? 6 : 0; ; tries--) {
      try {
        return await api.startReplay(request);
      } catch (error) {
        if (tries <= 0 || problemOf(error).status !== 409) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  #rivalOf(drop: FileDrop): Replay | undefined {
    const channels = drop.recordings.flatMap(({ description }) =>
      (description?.channels ?? []).map(({ channel }) => channel),
    );
    return this.#replays.list.find((replay) => replay.channels.some((channel) => channels.includes(channel)));
  }

  #add(name: string, stage: FileDrop['stage'], files: readonly File[] = []): FileDrop {
    const id = this.#next++;
    const drop: FileDrop = {
      id,
      name,
      stage,
      files,
      progress: 0,
      recordings: [],
      options: {},
      begin: {},
      abort: new AbortController(),
    };
    this.list = [...this.list, drop];
    return this.list.at(-1) as FileDrop;
  }

  #fail(drop: FileDrop, error: unknown): void {
    if (!drop.abort.signal.aborted) Object.assign(drop, { stage: 'failed', problem: problemOf(error) });
  }
}

function optionsOf(id: string, options: FileDrop['options'], beside: boolean): string | RecordingOptions {
  if (beside) return { ...options, id, channel: ownChannel(id) };
  return Object.keys(options).length > 0 ? { ...options, id } : id;
}

/** The channel named after a file: `liverpool_bus.csv.gz` plays on `liverpool_bus`. */
export const ownChannel = (file: string): string =>
  file
    .replace(
      /(\.(csv|tsv|tab|psv|txt|log|json|ndjson|jsonl|ldjson|geojson|geojsonl|gpx|kml|tcx|igc|plt|nmea|ais|parquet|mcap|gz|zst|xz|bz2|zip|tar|tgz|tbz2|txz|tzst))+$/i,
      '',
    )
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 60) || 'recording';
