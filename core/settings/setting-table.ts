import type { Config } from '../../schemas/types.ts';
import { refusal } from '../problems/errors.ts';
import { isNamespace } from '../wire/keys.ts';

/** Names, form and meaning of one setting of a process. `loadSettings` and docs/configuration.md are made from these. */
export interface Setting {
  /** Its environment variable; an empty one counts as not set. */
  env: string;
  /** The option of commands; it wins over the variable. */
  flags?: readonly string[];
  /** The key of the configuration file; the variable wins over it. */
  key?: keyof Config;
  /** What a value looks like. */
  form: string;
  default?: string | number;
  /** What happens without a value, where `default` does not say it. */
  absent?: string;
  /** A whole number from `min` to `max`. */
  limits?: { min: number; max: number };
  choices?: readonly string[];
  /** What other texts must pass. */
  isValid?: (text: string) => boolean;
  meaning: string;
}

/** Every setting that a process reads from a flag or the environment. The other keys of the file are in schemas/config.json. */
export const settingTable = {
  config: {
    env: 'REPRISE_CONFIG',
    form: 'path',
    absent: '`config/reprise.json` of the project, if it exists',
    meaning: 'The configuration file.',
  },
  redisUrl: {
    env: 'REDIS_URL',
    flags: ['--redis-url', '--redis'],
    key: 'redisUrl',
    form: 'URL',
    absent:
      '`reprise up` starts a private Redis; other commands use that one, or `redis://127.0.0.1:6379` if none runs',
    meaning: 'The Redis to use: `redis://user:password@host:port/database`, or `rediss://` for TLS.',
  },
  namespace: {
    env: 'REPRISE_NAMESPACE',
    flags: ['--namespace'],
    key: 'namespace',
    form: 'at most 32 lower-case letters, digits and underscores, beginning with a letter; not `reprise`',
    absent: 'none',
    isValid: isNamespace,
    meaning:
      'What the names of all keys and channels in Redis begin with, before a colon: `dev` makes `dev:reprise:log:gps` and `dev:gps`. Give each Reprise on a shared Redis its own. Outside of Redis, names do not carry it.',
  },
  port: {
    env: 'REPRISE_PORT',
    flags: ['--port'],
    key: 'port',
    form: 'whole number',
    default: 3000,
    limits: { min: 0, max: 65_535 },
    meaning: 'The TCP port of the API and the page. 0 takes any free port.',
  },
  host: {
    env: 'REPRISE_HOST',
    flags: ['--host'],
    key: 'host',
    form: 'IP address or host name',
    default: '127.0.0.1',
    meaning: 'The address that the API and the page listen on. Any other than loopback needs an API key.',
  },
  allowedHosts: {
    env: 'REPRISE_ALLOWED_HOSTS',
    key: 'allowedHosts',
    form: 'names of hosts, separated by commas',
    absent: 'none besides those that always lead here',
    meaning:
      'Further hosts that lead to the API and the page, such as the name of a proxy: `reprise.example.org`, or `.example.org` for it and all names below it. Requests that name any other host are refused (421), except for `/healthz` and `/readyz`. Always known are `localhost`, loopback addresses and the host listened on; if that is all interfaces, also the name and the addresses of this machine. `*` switches the check off.',
  },
  basePath: {
    env: 'REPRISE_BASE_PATH',
    key: 'basePath',
    form: 'path, such as /reprise',
    default: '/',
    meaning:
      'The path that a proxy serves Reprise at. It stands before all links; requests are taken with it and without it.',
  },
  trustProxy: {
    env: 'REPRISE_TRUST_PROXY',
    key: 'trustProxy',
    form: 'a number of proxies, or their addresses',
    absent: 'no proxy: these headers are ignored',
    meaning:
      'The proxies whose `X-Forwarded-For`, `X-Forwarded-Host` and `X-Forwarded-Proto` count: `1` for one proxy, or addresses and ranges separated by commas (`10.0.0.0/8`, `loopback`, `private`).',
  },
  recordings: {
    env: 'REPRISE_RECORDINGS',
    flags: ['--recordings'],
    key: 'recordings',
    form: 'path, relative to the project',
    absent: 'the folder `recordings` in the data folder',
    meaning: 'The folder with the recordings. Uploads go there, too.',
  },
  data: {
    env: 'REPRISE_DATA',
    flags: ['--data'],
    key: 'data',
    form: 'path, relative to the project',
    default: '.reprise',
    meaning: "The folder for Reprise's own files: logs, the data of a private Redis, recordings.",
  },
  apiKey: {
    env: 'REPRISE_API_KEY',
    form: 'text',
    absent: 'no such key',
    meaning: 'An API key that may do everything. If there are keys, every request needs one.',
  },
  keys: {
    env: 'REPRISE_API_KEYS',
    key: 'keys',
    form: 'path, relative to the project',
    absent: 'no such file',
    meaning: 'The file of API keys, each with its scope. It is read again when it changes.',
  },
  logLevel: {
    env: 'LOG_LEVEL',
    key: 'logLevel',
    form: 'text',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error', 'critical', 'silent'],
    meaning: 'Log lines below this level are not written. With `debug` the command line shows stack traces.',
  },
  eventBudgetMs: {
    env: 'REPRISE_EVENT_BUDGET_MS',
    key: 'eventBudgetMs',
    form: 'milliseconds',
    default: 5_000,
    limits: { min: 0, max: 3_600_000 },
    meaning:
      'How long a service may work on one event. The process that runs it is ended then and started again; an event that takes longer twice becomes a dead letter. 0: as long as it likes.',
  },
  stallLimitMs: {
    env: 'REPRISE_STALL_LIMIT_MS',
    key: 'stallLimitMs',
    form: 'milliseconds',
    default: 7_000,
    limits: { min: 0, max: 3_600_000 },
    meaning:
      'How long the event loop of a process may stand still. The process is ended then, and `reprise up` starts it again; one that does not even run (SIGSTOP) is ended a second later. 0: as long as it likes. A debugger turns this off, and the time budget for events.',
  },
  partition: {
    env: 'REPRISE_PARTITION',
    flags: ['--partition'],
    form: 'i/n, for instance 2/3',
    absent: 'the whole of each service',
    meaning:
      'The share of each service that this analysis process runs, by key. Start one process for each share.',
  },
  maxUploadBytes: {
    env: 'REPRISE_MAX_UPLOAD_BYTES',
    key: 'maxUploadBytes',
    form: 'whole number of bytes',
    default: 2_000_000_000,
    limits: { min: 1, max: 9_007_199_254_740_991 },
    meaning: 'The largest file that can be uploaded.',
  },
  maxUnpackedBytes: {
    env: 'REPRISE_MAX_UNPACKED_BYTES',
    key: 'maxUnpackedBytes',
    form: 'whole number of bytes',
    default: 20_000_000_000,
    limits: { min: 1, max: 9_007_199_254_740_991 },
    meaning:
      'How much a packed recording of the folder may unpack to when it is described. A larger one is refused.',
  },
  maxReadingSeconds: {
    env: 'REPRISE_MAX_READING_SECONDS',
    key: 'maxReadingSeconds',
    form: 'whole number of seconds',
    default: 300,
    limits: { min: 1, max: 1_000_000_000 },
    meaning:
      'How long the description or the preview of a recording may take. A recording that takes longer is refused.',
  },
  maxRecordings: {
    env: 'REPRISE_MAX_RECORDINGS',
    key: 'maxRecordings',
    form: 'whole number of files',
    default: 10_000,
    limits: { min: 1, max: 1_000_000_000 },
    meaning: 'How many files the folder of recordings may hold for uploads to be accepted.',
  },
  maxRecordingsBytes: {
    env: 'REPRISE_MAX_RECORDINGS_BYTES',
    key: 'maxRecordingsBytes',
    form: 'whole number of bytes',
    default: 200_000_000_000,
    limits: { min: 1, max: 9_007_199_254_740_991 },
    meaning: 'How large the folder of recordings may be for uploads to be accepted.',
  },
  maxChannels: {
    env: 'REPRISE_MAX_CHANNELS',
    key: 'maxChannels',
    form: 'whole number of channels',
    default: 5_000,
    limits: { min: 1, max: 1_000_000_000 },
    meaning:
      'How many channels there may be. Those of the configuration come first; requests and replays that would create more are refused.',
  },
  maxLogBytes: {
    env: 'REPRISE_MAX_LOG_BYTES',
    key: 'maxLogBytes',
    form: 'whole number of bytes',
    default: 8_000_000_000,
    limits: { min: 1, max: 9_007_199_254_740_991 },
    meaning:
      'How much memory of Redis the logs of all channels may take. Beyond it, requests that add events and new replays are refused.',
  },
  maxReplays: {
    env: 'REPRISE_MAX_REPLAYS',
    key: 'maxReplays',
    form: 'whole number of replays',
    default: 100,
    limits: { min: 1, max: 1_000_000_000 },
    meaning: 'How many replays one replayer runs at once.',
  },
  maxTasks: {
    env: 'REPRISE_MAX_TASKS',
    key: 'maxTasks',
    form: 'whole number of tasks',
    default: 1_000,
    limits: { min: 1, max: 1_000_000_000 },
    meaning: 'How many tasks may wait or run at once.',
  },
  maxRecorders: {
    env: 'REPRISE_MAX_RECORDERS',
    key: 'maxRecorders',
    form: 'whole number of recorders',
    default: 100,
    limits: { min: 1, max: 1_000_000_000 },
    meaning: 'How many recorders may run at once.',
  },
  otlpEndpoint: {
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    form: 'HTTP URL',
    absent: 'traces stay in Redis',
    meaning: 'The OpenTelemetry collector that gets the traces, at `/v1/traces` below this URL.',
  },
  otlpTracesEndpoint: {
    env: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    form: 'HTTP URL',
    absent: '`OTEL_EXPORTER_OTLP_ENDPOINT` decides',
    meaning: 'The complete URL for traces.',
  },
  otlpHeaders: {
    env: 'OTEL_EXPORTER_OTLP_HEADERS',
    form: 'name=value,name=value; values percent-encoded',
    absent: 'no further headers',
    meaning: 'HTTP headers for the collector, such as its access token.',
  },
  otlpTracesHeaders: {
    env: 'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
    form: 'name=value,name=value; values percent-encoded',
    absent: '`OTEL_EXPORTER_OTLP_HEADERS` decides',
    meaning: 'The same for traces only.',
  },
} as const satisfies { [name: string]: Setting };

type Table = typeof settingTable;
export type SettingName = keyof Table;
type Value<N extends SettingName> = Table[N] extends { limits: object } ? number : string;
type Resolved<N extends SettingName> = Table[N] extends { default: unknown }
  ? Value<N>
  : Value<N> | undefined;

/** What the caller of `loadSettings` chooses, in place of the environment. */
export type Flags = { [N in SettingName]?: Value<N> };

/** Where values come from; `file` has been checked against its schema. */
export interface Given {
  flags: Flags;
  env: NodeJS.ProcessEnv;
  file: Config;
}

/**
 * The value of a setting: flag, else environment, else file, else default; undefined where there is none of them.
 * @throws refusal `config_invalid` naming the flag or the variable, and what is expected
 */
export function settingValue<N extends SettingName>(name: N, given: Given): Resolved<N> {
  const setting: Setting = settingTable[name];
  const flag = given.flags[name];
  const text = given.env[setting.env] || undefined;
  const fromFile = setting.key && given.file[setting.key];
  const chosen = flag ?? text;
  if (chosen === undefined) return (fromFile ?? setting.default) as Resolved<N>;
  const isValid = setting.limits
    ? /^\d+$/.test(`${chosen}`) &&
      Number(chosen) <= setting.limits.max &&
      Number(chosen) >= setting.limits.min
    : (setting.choices?.includes(`${chosen}`) ?? setting.isValid?.(`${chosen}`) ?? true);
  if (!isValid) {
    const source = flag === undefined ? setting.env : (setting.flags?.[0] ?? name);
    throw refusal('config_invalid', `${source}=${JSON.stringify(chosen)} is not valid.`, {
      hint: `Use ${expected(setting)}.`,
    });
  }
  return (setting.limits ? Number(chosen) : chosen) as Resolved<N>;
}

function expected({ limits, choices, form }: Setting): string {
  if (limits) return `a whole number from ${limits.min} to ${limits.max}`;
  return choices ? `one of ${choices.join(', ')}` : form;
}
