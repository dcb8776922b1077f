const SIGNALS: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** npm passes on a Ctrl-C that the terminal has sent already: what comes so soon is the same wish. */
const SAME_WISH_MS = 1_000;

/** Somebody wants the process to stop. */
export interface StopSignals {
  /** Settles at the first signal. */
  stopped: Promise<void>;
  /** Lets signals end the process again, as they would have. */
  release(): void;
}

/** Listens for the signals that ask to stop; `insisted` is called when one comes again. */
export function stopSignals(insisted: () => void): StopSignals {
  let release = () => {};
  const stopped = new Promise<void>((resolve) => {
    let firstMs: number | null = null;
    const take = () => {
      firstMs ??= performance.now();
      resolve();
      if (performance.now() - firstMs > SAME_WISH_MS) insisted();
    };
    for (const signal of SIGNALS) process.on(signal, take);
    release = () => {
      for (const signal of SIGNALS) process.off(signal, take);
    };
  });
  return { stopped, release };
}
