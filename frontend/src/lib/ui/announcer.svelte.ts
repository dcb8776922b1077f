const QUIET_MS = 1000;

/** Messages for screen readers. When several come within a second, only the last one is announced. */
export class Announcer {
  message = $state('');
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(text: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // A screen reader repeats a message only when its text differs.
      this.message = this.message === text ? `${text}\u00a0` : text;
    }, QUIET_MS);
  }
}
