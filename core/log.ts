import { pino, type Logger } from 'pino';

export type { Logger };

/**
 * The logger of one process: JSON lines on stderr (stdout belongs to the command's own output), or readable lines
 * when a person is at the terminal. No payload and no secret above `debug`.
 */
export function createLog(name: string, level: string): Logger {
  return pino(
    { name, level, base: { name, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    process.stderr.isTTY
      ? pino.transport({
          target: 'pino-pretty',
          options: { destination: 2, ignore: 'pid,hostname,time', colorize: true },
        })
      : pino.destination({ dest: 2, sync: true }),
  );
}
