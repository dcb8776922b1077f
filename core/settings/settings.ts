import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root } from '../runtime/root.mjs';
import type { Config } from '../../schemas/types.ts';
import { ConfigFile } from './config-file.ts';
import { refusal } from '../problems/errors.ts';
import { basePathOf, strongKey } from './exposure.ts';
import { settingValue, type Flags, type SettingName } from './setting-table.ts';

/** What there may be at most of everything that callers can add. */
export interface Quotas {
  uploadBytes: number;
  /** What a packed recording may unpack to when it is described. */
  unpackedBytes: number;
  /** Time that the description of a recording may take. */
  readingSeconds: number;
  recordings: number;
  recordingsBytes: number;
  channels: number;
  logBytes: number;
  /** How many one replayer runs. */
  replays: number;
  tasks: number;
  recorders: number;
}

/** The settings of a process, validated, with the defaults filled in. */
export interface Settings {
  redisUrl: string;
  /** Whether a flag, the environment or the file set `redisUrl`: then no private Redis is started. */
  redisGiven: boolean;
  /** What the names in Redis begin with, before a colon; '' for none. */
  namespace: string;
  port: number;
  host: string;
  /** Further hosts that lead to the API: names, or with a dot before them all names below. */
  allowedHosts: string[];
  /** The path that a proxy serves the API at, without a slash at its end; '' for the root. */
  basePath: string;
  /** The proxies whose headers count; null: none. */
  trustProxy: string | null;
  /** Absolute path of the folder recordings are read from. */
  recordings: string;
  /** Absolute path of the folder Reprise keeps its own files in. */
  data: string;
  apiKey: string | null;
  /** Absolute path of the file of API keys. */
  keys: string | null;
  rateLimit: NonNullable<Config['rateLimit']>;
  /** What there may be at most, each as its setting `max...` says. */
  quotas: Quotas;
  logLevel: string;
  logs: { sinks: NonNullable<NonNullable<Config['logs']>['sinks']>; keep: number };
  /** The collector that traces are sent to; null: none. */
  otlp: { url: string; headers: { [name: string]: string } } | null;
  origins: string[];
  streetStyle: string | null;
  /** How long a service may work on one event; 0: as long as it likes. */
  eventBudgetMs: number;
  /** How long the event loop of a process may stand still; 0: as long as it likes. */
  stallLimitMs: number;
  /** The share of each service that the analysis runs, such as 2/3; null: all of it. */
  partition: string | null;
  /** npm packages, or paths that begin with a dot and are relative to the project's folder. */
  plugins: string[];
  channels: NonNullable<Config['channels']>;
  services: NonNullable<Config['services']>;
  analytics: NonNullable<Config['analytics']>;
  pipelines: NonNullable<Config['pipelines']>;
  tests: NonNullable<Config['tests']>;
  endpoints: NonNullable<Config['endpoints']>;
  demo: NonNullable<Config['demo']>;
  /** The configuration file; null: there is none. */
  file: ConfigFile | null;
}

/** Log lines that Redis keeps by default. */
const LOGS_KEPT = 20_000;

export type { Flags };

/**
 * Flag > environment > config/reprise.json > default. The only reader of the environment; the names are in setting-table.ts.
 * @throws refusal naming the variable or the place in the file, and what is expected there
 */
export function loadSettings(flags: Flags = {}, env: NodeJS.ProcessEnv = process.env): Settings {
  const chosen = settingValue('config', { flags, env, file: {} });
  const path = resolve(chosen ?? join(root, 'config', 'reprise.json'));
  const source = chosen === undefined && !existsSync(path) ? null : ConfigFile.read(path);
  const file: Config = source?.config() ?? {};
  const value = <N extends SettingName>(name: N) => settingValue(name, { flags, env, file });
  const data = resolve(root, value('data'));
  const keys = value('keys');
  const redisUrl = value('redisUrl');
  const up = redisUrl === undefined ? running(data) : null;
  return {
    redisUrl: redisUrl ?? up?.redisUrl ?? 'redis://127.0.0.1:6379',
    redisGiven: redisUrl !== undefined,
    namespace: value('namespace') ?? up?.namespace ?? '',
    port: value('port'),
    host: value('host'),
    allowedHosts: listOf(value('allowedHosts')),
    basePath: basePathOf(value('basePath')),
    trustProxy: value('trustProxy') ?? null,
    recordings: resolve(root, value('recordings') ?? join(data, 'recordings')),
    data,
    apiKey: strongKey(value('apiKey')),
    keys: keys === undefined ? null : resolve(root, keys),
    rateLimit: file.rateLimit ?? {},
    quotas: quotasOf(value),
    logLevel: value('logLevel'),
    logs: { sinks: file.logs?.sinks ?? [], keep: file.logs?.keep ?? LOGS_KEPT },
    otlp: otlpOf(value),
    origins: file.origins ?? [],
    streetStyle: file.streetStyle ?? null,
    eventBudgetMs: value('eventBudgetMs'),
    stallLimitMs: value('stallLimitMs'),
    partition: value('partition') ?? null,
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

/** The file has a list, the environment a text with commas. */
function listOf(given: string | string[] | undefined): string[] {
  const list = typeof given === 'string' ? given.split(',') : (given ?? []);
  return list.map((each) => each.trim()).filter((each) => each !== '');
}

/** The file in which `reprise up` notes its Redis, so that other commands on this machine find it. */
export const runningFile = (data: string) => join(data, 'up.json');

/** The contents of that file. */
export interface Running {
  pid: number;
  redisUrl: string;
  namespace: string;
  url: string;
}

/** The `reprise up` that runs on this data folder; null: none. */
export function running(data: string): Running | null {
  try {
    const noted = JSON.parse(readFileSync(runningFile(data), 'utf8')) as Running;
    process.kill(noted.pid, 0);
    return noted;
  } catch {
    return null;
  }
}

type QuotaSetting = Extract<SettingName, `max${string}`>;

function quotasOf(value: (name: QuotaSetting) => number): Quotas {
  return {
    uploadBytes: value('maxUploadBytes'),
    unpackedBytes: value('maxUnpackedBytes'),
    readingSeconds: value('maxReadingSeconds'),
    recordings: value('maxRecordings'),
    recordingsBytes: value('maxRecordingsBytes'),
    channels: value('maxChannels'),
    logBytes: value('maxLogBytes'),
    replays: value('maxReplays'),
    tasks: value('maxTasks'),
    recorders: value('maxRecorders'),
  };
}

type OtlpSetting = Extract<SettingName, `otlp${string}`>;

/** Follows the OpenTelemetry specification, "OpenTelemetry Protocol Exporter", endpoint URLs and headers for OTLP/HTTP. */
function otlpOf(value: (name: OtlpSetting) => string | undefined): Settings['otlp'] {
  const base = value('otlpEndpoint');
  const url = value('otlpTracesEndpoint') ?? (base && `${base.replace(/\/$/, '')}/v1/traces`);
  if (url === undefined) return null;
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
    throw refusal('config_invalid', 'OTEL_EXPORTER_OTLP_ENDPOINT is not an HTTP URL.', {
      hint: 'Write it as http://127.0.0.1:4318.',
    });
  const pairs = (value('otlpTracesHeaders') ?? value('otlpHeaders') ?? '').split(',').flatMap((pair) => {
    const [, name, text] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    // W3C Baggage: values are percent-encoded.
    return name === undefined
      ? []
      : [[name, /%(?![\da-f]{2})/i.test(text!) ? text : decodeURIComponent(text!)]];
  });
  return { url, headers: Object.fromEntries(pairs) as { [name: string]: string } };
}
