/**
 * Mocha's spec reporter, and beside it the tally as JSON in the file that the reporter option `tally` names. A run
 * that is over but does not end, because a test left something open, is ended here, and said.
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
        // Mocha sets its own exit code whatever is given to process.exit().
        process.kill(process.pid, 'SIGKILL');
      }, LINGER_MS).unref();
    });
  }
}
