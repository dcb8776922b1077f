/** How many rows of a height fit into an element: rows that nobody sees are not worth drawing four times a second. */
export class VisibleRows {
  /** Rows that fit, and a few more, so that there is something to scroll to. */
  rows = $state(12);
  readonly #rowPx: number;

  constructor(rowPx: number) {
    this.#rowPx = rowPx;
  }

  /** Watches an element; to be used as an action. */
  watch = (host: HTMLElement): { destroy(): void } => {
    const resized = new ResizeObserver(() => (this.rows = Math.ceil(host.clientHeight / this.#rowPx) + 2));
    resized.observe(host);
    return { destroy: () => resized.disconnect() };
  };
}
