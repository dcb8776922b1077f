/** Commands of the map. */
export interface MapCommands {
  /** Fits the map to the data. */
  fit(): void;
  /** Limits what is received to what the map shows, or ends that. */
  filterToView(): void;
  toggleFences(): void;
}

/** Commands of the charts. */
export interface ChartCommands {
  /** Scrolls the charts back into the log (-1) or towards the latest values (1). */
  scroll(direction: -1 | 1): void;
}

/** Commands that panels offer to the keyboard. A panel sets its own while it is mounted; otherwise they are undefined. */
export class PanelCommands {
  map = $state.raw<MapCommands>();
  charts = $state.raw<ChartCommands>();
}
