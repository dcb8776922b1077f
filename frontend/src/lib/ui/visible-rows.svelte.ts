/** How many rows of a fixed height fit into an element: rows outside it need not be drawn four times a second. */
export class VisibleRows {
  /** Rows that fit, and two more, so that there is something to scroll to. */
  count = $state(12);
  readonly #rowPx: number;

  constructor(rowPx: number) {
    this.#rowPx = rowPx;
  }

  /** Svelte action: follows the size of an element. */
  watch = (host: HTMLElement): { destroy(): void } => {
    const resized = new ResizeObserver(() => (this.count = Math.ceil(host.clientHeight / this.#rowPx) + 2));
    resized.observe(host);
    return { destroy: () => resized.disconnect() };
  };
}
