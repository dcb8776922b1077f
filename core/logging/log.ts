import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { multistream, pino, type DestinationStream } from 'pino';
import { root } from '../runtime/root.mjs';
import type { Settings } from '../settings/settings.ts';
import { LogStream } from './log-stream.ts';
import type { LogLine, LogSink } from '../plugins/plugin.ts';
import { passwordOf, redactor } from './redact.ts';
import type { Redis } from '../redis/connection.ts';

export const levels = { debug: 20, info: 30, warn: 40, error: 50, critical: 60 } as const;

export type Level = keyof typeof levels;

type Write = {
  /** `service`: the subject of the line, if not this process. `kind`: `service` if the service itself says it. */
  (fields: { [name: string]: unknown }, message: string): void;
  (message: string): void;
};

/** Writes log lines. Payloads and secrets appear at `debug` only. */
export type Logger = { readonly [level in Level]: Write } & {
  /** Lines below this level are not written. */
  readonly level: string;
};

export type LogSettings = Pick<Settings, 'logLevel' | 'logs' | 'redisUrl' | 'apiKey' | 'otlp'>;

const CLOSE_MS = 1_000;

/** A logger to stdout: JSON lines, or readable text on a terminal. The level `silent` writes nothing. */
export function createLog(name: string, level: string): Logger {
  return logger(name, level, multistream([{ level: 0, stream: stdout() }]), redactor([]));
}

/** The log of one process: to stdout, to the stream `reprise:logs`, and to the sinks of the configuration and of plugins. */
export class ProcessLog {
  readonly log: Logger;
  readonly #streams: ReturnType<typeof multistream>;
  readonly #levelNumber: number;
  readonly #stream: LogStream;
  readonly #transports: ReturnType<typeof pino.transport>[] = [];

  /** `out`: a file to write to instead of stdout. */
  constructor(role: string, { logLevel, logs, redisUrl, apiKey, otlp }: LogSettings, out?: string) {
    const { sinks = [], keep } = logs;
    this.#levelNumber = numberOf(logLevel);
    this.#stream = new LogStream(keep);
    this.#streams = multistream([
      { level: this.#levelNumber, stream: out === undefined ? stdout() : file(out) },
      { level: this.#levelNumber, stream: this.#stream },
    ]);
    const lowest = [logLevel, ...sinks.map(({ level }) => level ?? logLevel)].reduce((a, b) =>
      numberOf(a) <= numberOf(b) ? a : b,
    );
    const secrets = [passwordOf(redisUrl), apiKey, ...Object.values(otlp?.headers ?? {})];
    this.log = logger(role, lowest, this.#streams, redactor(secrets));
    for (const sink of sinks) this.#open(sink.target, sink.options ?? {}, numberOf(sink.level ?? logLevel));
  }

  /** Sends lines, including those written so far, to the stream of this Redis. Redis may come and go. */
  keepIn(redis: Redis): void {
    this.#stream.keepIn(redis);
  }

  /** Adds sinks. Errors that they throw are ignored. */
  add(sinks: LogSink[]): void {
    for (const sink of sinks) {
      const write = async (line: string) => sink.write(JSON.parse(line) as LogLine);
      this.#streams.add({
        level: this.#levelNumber,
        stream: { write: (line) => void write(line).catch(() => {}) },
      });
    }
  }

  /** Waits until all lines have arrived, but no longer than a second. */
  async close(): Promise<void> {
    await this.#stream.close();
    const late = new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref());
    const ended = this.#transports.map(
      (transport) =>
        new Promise<void>((resolve) => {
          transport.once('close', resolve);
          transport.end();
        }),
    );
    await Promise.race([Promise.all(ended), late]);
  }

  /** Opens a pino transport in a thread of its own. If it fails, the log says so and the process continues without it. */
  #open(target: string, options: object, level: number): void {
    const failed = (error: Error) =>
      this.log.error({ sink: target }, `The log sink ${target} does not work: ${error.message}.`);
    try {
      const address = /^[./]/.test(target) ? resolve(root, target) : require.resolve(target);
      const transport = pino.transport({ target: address, options });
      let works = true;
      transport.on('error', (error: Error) => {
        if (works) failed(error);
        works = false;
      });
      this.#transports.push(transport);
      this.#streams.add({ level, stream: { write: (line) => void (works && transport.write(line)) } });
    } catch (error) {
      failed(error as Error);
    }
  }
}

const require = createRequire(import.meta.url);

const numberOf = (level: string) => (level === 'silent' ? Infinity : levels[level as Level]);

function logger(
  role: string,
  level: string,
  stream: DestinationStream,
  redact: (line: string) => string,
): Logger {
  return pino(
    {
      level,
      customLevels: levels,
      useOnlyCustomLevels: true,
      messageKey: 'message',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => ({ kind: 'system', service: role, role, pid: process.pid, ...fields }),
      },
      // An error of ioredis holds the failed command with its whole payload.
      serializers: { err: shownError },
      hooks: { streamWrite: redact },
    },
    stream,
  );
}

function shownError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  return { name, message, stack };
}

function stdout(): DestinationStream {
  return process.stdout.isTTY
    ? pino.transport({
        target: 'pino-pretty',
        options: { ignore: 'pid,role,kind,time', messageKey: 'message', colorize: true },
      })
    : pino.destination({ dest: 1, sync: true });
}

const file = (path: string) => pino.destination({ dest: path, mkdir: true, sync: true });
