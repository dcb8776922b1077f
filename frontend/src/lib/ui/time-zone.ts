const QUARTER_MS = 900_000;
const MOST_KNOWN = 2000;

/** A time zone by its IANA name. What is not one is taken for UTC. */
export class TimeZone {
  readonly name: string;
  readonly #parts: Intl.DateTimeFormat | undefined;
  /** Offsets change at quarters of an hour only, so one answer serves a quarter. */
  readonly #known = new Map<number, number>();

  constructor(name: string) {
    this.#parts = name === 'UTC' ? undefined : partsIn(name);
    this.name = this.#parts ? name : 'UTC';
  }

  /** How far its clocks are ahead of UTC at a moment, ms. A moment plus this reads as local time where UTC is read. */
  offsetMs(ms: number): number {
    if (!this.#parts || !Number.isFinite(ms)) return 0;
    const quarter = Math.floor(ms / QUARTER_MS);
    let offset = this.#known.get(quarter);
    if (offset === undefined) {
      if (this.#known.size > MOST_KNOWN) this.#known.clear();
      this.#known.set(quarter, (offset = offsetOf(this.#parts, quarter * QUARTER_MS)));
    }
    return offset;
  }

  /** How it is called at a moment: `UTC`, `UTC+2`, `UTC−3:30`. */
  label(ms: number): string {
    const minutes = Math.round(this.offsetMs(ms) / 60_000);
    if (minutes === 0) return 'UTC';
    const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
    return `UTC${minutes < 0 ? '−' : '+'}${hours}${rest ? `:${String(rest).padStart(2, '0')}` : ''}`;
  }
}

/** The zone of whoever looks. */
export const viewerZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

function partsIn(timeZone: string): Intl.DateTimeFormat | undefined {
  const two = '2-digit';
  try {
    return new Intl.DateTimeFormat('en', {
      ...{ timeZone, hourCycle: 'h23', era: 'short' },
      ...{ year: 'numeric', month: two, day: two, hour: two, minute: two, second: two },
    });
  } catch {
    return undefined;
  }
}

function offsetOf(format: Intl.DateTimeFormat, ms: number): number {
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const number = (name: string): number => Number(parts[name]);
  const year = parts['era'] === 'BC' ? 1 - number('year') : number('year');
  const local = new Date(0);
  local.setUTCFullYear(year, number('month') - 1, number('day'));
  local.setUTCHours(number('hour'), number('minute'), number('second'));
  return local.getTime() - Math.floor(ms / 1000) * 1000;
}
