const SIGNALS: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** npm repeats a Ctrl-C that the terminal has sent already: a signal within this time is the same one. */
const SAME_SIGNAL_MS = 1_000;

/** The signals that ask the process to stop. */
export interface StopSignals {
  /** Settles at the first signal. */
  stopped: Promise<void>;
  /** Stops listening: signals end the process again. */
  release(): void;
}

/** Listens for the signals that ask to stop. Calls `insisted` when a second one comes. */
export function stopSignals(insisted: () => void): StopSignals {
  let release = () => {};
  const stopped = new Promise<void>((resolve) => {
    let firstMs: number | null = null;
    const take = () => {
      firstMs ??= performance.now();
      resolve();
      if (performance.now() - firstMs > SAME_SIGNAL_MS) insisted();
    };
    for (const signal of SIGNALS) process.on(signal, take);
    release = () => {
      for (const signal of SIGNALS) process.off(signal, take);
    };
  });
  return { stopped, release };
}
