/**
 * Mocha's spec reporter, which also writes the tally as JSON into the file of the reporter option `tally`. If a test
 * leaves something open that keeps a finished run alive, it says so and ends the run.
 */
import { writeFileSync } from 'node:fs';
import mocha from 'mocha';

const LINGER_MS = 5_000;
/** The process's own timers and streams. */
const USUAL = ['Timeout', 'PipeWrap', 'TTYWrap'];

export default class TallyReporter extends mocha.reporters.Spec {
  /**
   * @param {import('mocha').Runner} runner
   * @param {import('mocha').MochaOptions} options
   */
  constructor(runner, options) {
    super(runner, options);
    const file = options.reporterOptions?.tally;
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      if (file) writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
      // Fires only when something still keeps the process alive.
      setTimeout(() => {
        const open = process.getActiveResourcesInfo().filter((kind) => !USUAL.includes(kind));
        console.error(
          `The tests are over, but something they left open keeps the process alive: ${open.join(', ')}`,
        );
        // Mocha sets its own exit code and ignores the one given to process.exit().
        process.kill(process.pid, 'SIGKILL');
      }, LINGER_MS).unref();
    });
  }
}
