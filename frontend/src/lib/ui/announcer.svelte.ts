const QUIET_MS = 1000;

/** What a screen reader is told: seldom, only the last thing said within a second. */
export class Announcer {
  message = $state('');
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(text: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // The same words again are only spoken when the text differs.
      this.message = this.message === text ? `${text}\u00a0` : text;
    }, QUIET_MS);
  }
}
