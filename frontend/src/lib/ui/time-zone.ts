const QUARTER_MS = 900_000;
const MOST_KNOWN = 2000;

/** A time zone by its IANA name. An unknown name is treated as UTC. */
export class TimeZone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat | undefined;
  /** Offsets change on quarters of an hour only, so one answer holds for a quarter. */
  readonly #offsets = new Map<number, number>();

  constructor(name: string) {
    this.#format = name === 'UTC' ? undefined : formatIn(name);
    this.name = this.#format ? name : 'UTC';
  }

  /** How far local time is ahead of UTC at a time, ms. A time plus this offset reads as local time when written as UTC. */
  offsetMs(ms: number): number {
    if (!this.#format || !Number.isFinite(ms)) return 0;
    const quarter = Math.floor(ms / QUARTER_MS);
    let offset = this.#offsets.get(quarter);
    if (offset === undefined) {
      if (this.#offsets.size > MOST_KNOWN) this.#offsets.clear();
      this.#offsets.set(quarter, (offset = offsetOf(this.#format, quarter * QUARTER_MS)));
    }
    return offset;
  }

  /** Its name at a time: `UTC`, `UTC+2`, `UTC−3:30`. */
  label(ms: number): string {
    const minutes = Math.round(this.offsetMs(ms) / 60_000);
    if (minutes === 0) return 'UTC';
    const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
    return `UTC${minutes < 0 ? '−' : '+'}${hours}${rest ? `:${String(rest).padStart(2, '0')}` : ''}`;
  }
}

/** The name of this browser's time zone. */
export const viewerZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

function formatIn(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en', {
      timeZone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
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
