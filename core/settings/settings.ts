import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../schemas/types.ts';
import { ConfigFile } from './config-file.ts';
import { failure } from '../problems/errors.ts';

/** The project's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Everything a process needs to know of the world, validated and with the defaults filled in. */
export interface Settings {
  redisUrl: string;
  /** Whether somebody chose `redisUrl` (a flag, the environment or the file): then no private Redis is started. */
  redisGiven: boolean;
  port: number;
  host: string;
  /** Absolute path of the folder recordings are read from. */
  recordings: string;
  /** Absolute path of the folder Reprise keeps its own files in. */
  data: string;
  apiKey: string | null;
  /** Absolute path of the file of API keys. */
  keys: string | null;
  rateLimit: NonNullable<Config['rateLimit']>;
  logLevel: string;
  logs: { sinks: NonNullable<NonNullable<Config['logs']>['sinks']>; keep: number };
  /** Where traces are sent, and with which headers; null: nowhere. */
  otlp: { url: string; headers: { [name: string]: string } } | null;
  origins: string[];
  streetStyle: string | null;
  /** The share of each service that the analysis runs, such as 2/3; null: all of it. */
  partition: string | null;
  /** npm packages, and paths that begin with a dot, seen from the project's folder. */
  plugins: string[];
  channels: NonNullable<Config['channels']>;
  services: NonNullable<Config['services']>;
  analytics: NonNullable<Config['analytics']>;
  pipelines: NonNullable<Config['pipelines']>;
  tests: NonNullable<Config['tests']>;
  endpoints: NonNullable<Config['endpoints']>;
  demo: NonNullable<Config['demo']>;
  /** What the settings were read from; null: there is no file. */
  file: ConfigFile | null;
}

/** Lines of the log that Redis holds, unless the file says otherwise. */
const LOGS_KEPT = 20_000;

export type Flags = Partial<
  Pick<Settings, 'redisUrl' | 'port' | 'host' | 'recordings' | 'data' | 'logLevel'>
> & {
  /** The configuration file, if not config/reprise.json. */
  config?: string;
  partition?: string;
};

/**
 * Flag > environment > config/reprise.json > default. The only reader of the environment.
 * @throws failure naming the variable or the place in the file, and what is expected there
 */
export function loadSettings(flags: Flags = {}, env: NodeJS.ProcessEnv = process.env): Settings {
  const chosen = flags.config ?? env['REPRISE_CONFIG'];
  const path = resolve(chosen ?? join(root, 'config', 'reprise.json'));
  const source = chosen === undefined && !existsSync(path) ? null : ConfigFile.read(path);
  const file: Config = source?.config() ?? {};
  const given = <T>(...values: (T | undefined)[]) => values.find((value) => value !== undefined);
  const text = (name: string) => env[name] || undefined;
  const data = resolve(root, given(flags.data, text('REPRISE_DATA'), file.data) ?? '.reprise');
  const keys = given(text('REPRISE_API_KEYS'), file.keys);
  const redisUrl = given(flags.redisUrl, text('REDIS_URL'), file.redisUrl);
  const port = given(flags.port, numberOf('REPRISE_PORT', text('REPRISE_PORT')), file.port) ?? 3000;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw failure('config_invalid', `${port} can't be a port.`, {
      hint: 'Give --port or REPRISE_PORT a number from 0 to 65535.',
    });
  }
  return {
    redisUrl: redisUrl ?? runningRedis(data) ?? 'redis://127.0.0.1:6379',
    redisGiven: redisUrl !== undefined,
    port,
    host: given(flags.host, text('REPRISE_HOST'), file.host) ?? '127.0.0.1',
    recordings: resolve(
      root,
      given(flags.recordings, text('REPRISE_RECORDINGS'), file.recordings) ?? join(data, 'recordings'),
    ),
    data,
    apiKey: text('REPRISE_API_KEY') ?? null,
    keys: keys === undefined ? null : resolve(root, keys),
    rateLimit: file.rateLimit ?? {},
    logLevel: given(flags.logLevel, text('LOG_LEVEL'), file.logLevel) ?? 'info',
    logs: { sinks: file.logs?.sinks ?? [], keep: file.logs?.keep ?? LOGS_KEPT },
    otlp: otlpOf(text),
    origins: file.origins ?? [],
    streetStyle: file.streetStyle ?? null,
    partition: given(flags.partition, text('REPRISE_PARTITION')) ?? null,
    plugins: file.plugins ?? [],
    channels: file.channels ?? {},
    services: file.services ?? {},
    analytics: file.analytics ?? {},
    pipelines: file.pipelines ?? {},
    tests: file.tests ?? [],
    endpoints: file.endpoints ?? [],
    demo: file.demo ?? [],
    file: source,
  };
}

/** Where `reprise up` notes the Redis it started, so that other commands on this machine find it. */
export const runningFile = (data: string) => join(data, 'up.json');

/** What `reprise up` notes. */
export interface Running {
  pid: number;
  redisUrl: string;
  url: string;
}

/** What is up on this data folder, if its process still lives. */
export function running(data: string): Running | null {
  try {
    const noted = JSON.parse(readFileSync(runningFile(data), 'utf8')) as Running;
    process.kill(noted.pid, 0);
    return noted;
  } catch {
    return null;
  }
}

function runningRedis(data: string): string | undefined {
  return running(data)?.redisUrl;
}

/** As the OpenTelemetry specification has it: "OpenTelemetry Protocol Exporter", endpoint URLs and headers for OTLP/HTTP. */
function otlpOf(text: (name: string) => string | undefined): Settings['otlp'] {
  const base = text('OTEL_EXPORTER_OTLP_ENDPOINT');
  const url = text('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? (base && `${base.replace(/\/$/, '')}/v1/traces`);
  if (url === undefined) return null;
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
    throw failure('config_invalid', 'OTEL_EXPORTER_OTLP_ENDPOINT is no address of HTTP.', {
      hint: 'Write it as http://127.0.0.1:4318.',
    });
  const given = text('OTEL_EXPORTER_OTLP_TRACES_HEADERS') ?? text('OTEL_EXPORTER_OTLP_HEADERS') ?? '';
  const pairs = given.split(',').flatMap((pair) => {
    const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    // Percent-encoded, as W3C Baggage has it.
    return name === undefined
      ? []
      : [[name, /%(?![\da-f]{2})/i.test(value!) ? value : decodeURIComponent(value!)]];
  });
  return { url, headers: Object.fromEntries(pairs) as { [name: string]: string } };
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw failure('config_invalid', `${name}="${text}" is not a number.`);
  return Number(text);
}
