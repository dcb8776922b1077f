import type { Rate } from '../../../../schemas/types.ts';
import { RATES, stepRate, type Replays } from '../live/replays.svelte.ts';
import { short } from '../ui/format.ts';
import type { FrameLoop } from '../ui/frame-loop.svelte.ts';

/** An achieved rate below this share of the requested one is marked. */
const SLOW = 0.9;
const READ_EVERY_MS = 100;

/** The position and the rates that the transport controls show. Create it in a component. */
export class Transport {
  /** The position of the replay, or the one being dragged to, ms of recording time; NaN without a replay. */
  readonly shownMs = $derived.by(() => this.#replays.preview ?? this.#position);
  #position = $state(NaN);
  readonly #replays: Replays;

  constructor(replays: Replays, frame: FrameLoop) {
    this.#replays = replays;
    const read = (): void => void (this.#position = replays.positionAt(performance.now()));
    // The clock goes on between its ticks: read it ten times a second while it plays, otherwise with each change.
    $effect(() => {
      void [replays.chosen, frame.version];
      read();
    });
    $effect(() => {
      if (replays.state !== 'playing') return;
      const timer = setInterval(read, READ_EVERY_MS);
      return () => clearInterval(timer);
    });
  }

  /** The rates to choose from; a rate set over REST is among them. */
  readonly rates = $derived.by((): readonly Rate[] => {
    const { rate } = this.#replays;
    return RATES.includes(rate) ? RATES : [...RATES, rate].sort((a, b) => sizeOf(a) - sizeOf(b));
  });

  /** The achieved rate while playing, and whether it is too slow. */
  readonly achieved = $derived.by(() => {
    const { rate, achievedRate, state } = this.#replays;
    if (state !== 'playing' || !achievedRate) return undefined;
    return { text: `${short(achievedRate)}×`, slow: rate !== 'max' && achievedRate < rate * SLOW };
  });

  setRate(rate: Rate): void {
    void this.#replays.patch({ rate });
  }

  /** Goes to the next higher (1) or lower (-1) rate. */
  stepRate(direction: 1 | -1): void {
    this.setRate(stepRate(this.#replays.rate, direction));
  }

  /** The position now, ms of recording time. */
  now(): number {
    return this.#replays.positionAt(performance.now());
  }
}

const sizeOf = (rate: Rate): number => (rate === 'max' ? Infinity : rate);
