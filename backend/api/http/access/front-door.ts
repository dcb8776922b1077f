import type { IncomingMessage } from 'node:http';
import { refusal } from '../../../../core/problems/errors.ts';
import { parseAuthority, type Authority, type KnownHosts } from './hosts.ts';
import type { TrustedProxies } from './proxies.ts';

export interface FrontDoorOptions {
  hosts: KnownHosts;
  /** Other origins whose pages may use the API. */
  origins: string[];
  proxies: TrustedProxies;
  /** The path that a proxy serves Reprise at, such as `/reprise`; '' for the root. */
  basePath: string;
}

/** What is known of a request before anything else is read from it. */
interface Visit {
  /** The address of the client. */
  address: string;
  /** Every host that the request names; null: one that can't be read. */
  hosts: (Authority | null)[];
  isSecure: boolean;
}

/**
 * Looks at each request before anything else does, whether it is for REST, the page or a socket: where it comes from, which
 * host it names, and which page has sent it.
 */
export class FrontDoor {
  readonly basePath: string;
  readonly #options: FrontDoorOptions;
  readonly #origins: ReadonlySet<string>;
  readonly #visits = new WeakMap<IncomingMessage, Visit>();

  constructor(options: FrontDoorOptions) {
    this.#options = options;
    this.#origins = new Set(options.origins);
    this.basePath = options.basePath;
  }

  /** Notes where a request comes from and goes to, and reduces its URL to the path below the base path. */
  readonly enter = (request: IncomingMessage): void => {
    const { proxies, basePath } = this.#options;
    const { address, host, isSecure } = proxies.read(request);
    // A request to a proxy has the host in its URL (RFC 9112, 3.2.2).
    const [, absolute, rest] = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)(.*)$/is.exec(request.url ?? '') ?? [];
    const scheme = isSecure ? 'https' : 'http';
    const named = request.headersDistinct['host'] ?? [];
    const hosts = [...named, ...[absolute, host].filter((each) => each !== undefined)];
    this.#visits.set(request, {
      address,
      // The last one is what the client asked for.
      hosts: named.length === 1 ? hosts.map((each) => parseAuthority(each, scheme)) : [null],
      isSecure,
    });
    if (rest !== undefined) request.url = rest.startsWith('/') ? rest : `/${rest}`;
    const path = request.url ?? '/';
    if (basePath !== '' && path.startsWith(`${basePath}/`)) request.url = path.slice(basePath.length);
  };

  /** The address of the client. */
  addressOf(request: IncomingMessage): string {
    return this.#visit(request).address;
  }

  /** Refuses requests that name a host which is not known to lead here. @throws refusal `host_refused` */
  checkHost(request: IncomingMessage): void {
    const { hosts } = this.#visit(request);
    const { hosts: known } = this.#options;
    if (hosts.every((each) => each !== null && known.has(each))) return;
    const strange = hosts.find((each) => each !== null && !known.has(each))?.name;
    throw refusal(
      'host_refused',
      strange === undefined
        ? 'The request must name one host, as `name` or `name:port`.'
        : `The host "${strange.slice(0, 200)}" is not known to lead to this server.`,
      {
        hint: 'If it does, add it to REPRISE_ALLOWED_HOSTS (`allowedHosts` in config/reprise.json); docs/access.md explains why.',
      },
    );
  }

  /** Refuses pages of foreign origins. Programs send no origin. @throws refusal `origin_refused` */
  checkOrigin(request: IncomingMessage): void {
    const { origin } = request.headers;
    if (origin !== undefined && !this.#isOwn(origin, request)) throw foreign(origin);
  }

  /**
   * Refuses whatever a page of a foreign origin causes, even by a link, a form or a picture, where browsers send no origin.
   * @throws refusal `origin_refused`
   */
  checkCause(request: IncomingMessage): void {
    this.checkOrigin(request);
    const { origin, referer, 'sec-fetch-site': site } = request.headers;
    if (origin !== undefined || site === 'same-origin' || site === 'none') return;
    if (site !== undefined) throw foreign('another origin');
    // Browsers that don't send Sec-Fetch-Site, and addresses without TLS.
    if (referer !== undefined && !this.#isOwn(originOf(referer), request)) throw foreign(originOf(referer));
  }

  /** Whether pages of this origin may read responses (CORS). */
  allows(origin: string): boolean {
    return this.#origins.has(origin);
  }

  #isOwn(origin: string, request: IncomingMessage): boolean {
    if (this.#origins.has(origin)) return true;
    const [, scheme, host] = /^(https?):\/\/([^/]+)$/i.exec(origin) ?? [];
    if (scheme === undefined || host === undefined) return false;
    const { hosts, isSecure } = this.#visit(request);
    const asked = hosts.at(-1);
    if (!asked || (isSecure && scheme.toLowerCase() === 'http')) return false;
    // A proxy that ends TLS may not say so: the scheme of the page decides which port is the default one.
    const read = (text: string) => parseAuthority(text, scheme.toLowerCase() as 'http' | 'https');
    const given = read(host);
    const own = read(asked.port === '' ? asked.name : `${asked.name}:${asked.port}`);
    if (!given || given.name !== own?.name || given.port !== own.port) return false;
    return this.#options.hosts.has(given);
  }

  #visit(request: IncomingMessage): Visit {
    const known = this.#visits.get(request);
    if (known) return known;
    this.enter(request);
    return this.#visits.get(request)!;
  }
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'null';
}

function foreign(origin: string): Error {
  return refusal('origin_refused', `Pages of ${origin.slice(0, 200)} are not allowed to do this.`, {
    hint: 'Add the origin to `origins` in config/reprise.json. Behind a proxy that does not pass on the host, see REPRISE_TRUST_PROXY.',
  });
}
