import { BlockList, isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { refusal } from '../../../../core/problems/errors.ts';

/** Where a request comes from and what it asked for, as far as trusted proxies say so. */
export interface Forwarded {
  /** The address of the client. */
  address: string;
  /** The host that the client asked for, if a trusted proxy says so. */
  host: string | undefined;
  /** Whether the client used TLS. */
  isSecure: boolean;
}

/** Addresses that have names in REPRISE_TRUST_PROXY, because nobody remembers all of them. */
const NAMED: { [name: string]: string[] } = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};
const HOPS_MAX = 10;

/**
 * The proxies whose `X-Forwarded-For`, `-Host` and `-Proto` count: a number of proxies in a row, or their addresses. Anybody else can write anything into these headers. The header `Forwarded` never counts: a proxy that sets the other
 * headers passes it on as a client wrote it, and both can't be trusted at once.
 */
export class TrustedProxies {
  readonly #hops: number;
  readonly #addresses = new BlockList();

  /** @throws refusal `config_invalid` */
  constructor(setting: string | null) {
    const text = setting?.trim() ?? '';
    this.#hops = /^\d+$/.test(text) ? Number(text) : 0;
    if (this.#hops > HOPS_MAX) throw invalid(text);
    if (text === '' || /^\d+$/.test(text)) return;
    for (const each of text.split(',').flatMap((part) => NAMED[part.trim()] ?? [part.trim()])) {
      const [address = '', bits] = each.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      const most = family === 'ipv6' ? 128 : 32;
      if (isIP(address) === 0 || (bits !== undefined && !(/^\d+$/.test(bits) && Number(bits) <= most)))
        throw invalid(each);
      this.#addresses.addSubnet(address, Number(bits ?? most), family);
    }
  }

  /** What the trusted proxies before this server say about a request. */
  read(request: IncomingMessage): Forwarded {
    const peer = request.socket.remoteAddress ?? '';
    const isSecure = 'encrypted' in request.socket;
    const before = listed(request, 'x-forwarded-for').map(withoutPort).reverse();
    let trusted = 0;
    while (trusted <= before.length && this.#trusts([peer, ...before][trusted]!, trusted)) trusted++;
    if (trusted === 0) return { address: plain(peer), host: undefined, isSecure };
    // If all are trusted, the client is the furthest that is known.
    const address = [peer, ...before][Math.min(trusted, before.length)]!;
    const proto = spoken(request, 'x-forwarded-proto', trusted);
    return {
      address: plain(isIP(address) === 0 ? peer : address),
      host: spoken(request, 'x-forwarded-host', trusted),
      isSecure: proto === undefined ? isSecure : proto === 'https' || proto === 'wss',
    };
  }

  #trusts(address: string, hop: number): boolean {
    if (hop < this.#hops) return true;
    const family = isIP(address);
    return family !== 0 && this.#addresses.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}

/** What the outermost trusted proxy wrote. Proxies append to a list, or replace what was there. */
function spoken(request: IncomingMessage, header: string, trusted: number): string | undefined {
  const values = listed(request, header);
  return values[Math.max(0, values.length - trusted)]?.toLowerCase();
}

function listed(request: IncomingMessage, header: string): string[] {
  const text = [request.headers[header] ?? ''].flat().join(',');
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** `1.2.3.4:5678` and `[::1]:5678` are addresses with the port of a connection. */
function withoutPort(text: string): string {
  return /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
}

/** An IPv4 address is the same client over IPv4 and IPv6. */
const plain = (address: string): string => address.replace(/^::ffff:(?=[\d.]+$)/i, '');

function invalid(text: string): Error {
  return refusal('config_invalid', `REPRISE_TRUST_PROXY: "${text.slice(0, 100)}" is not valid.`, {
    hint: `Write the number of proxies before Reprise, such as 1 (at most ${HOPS_MAX}), or their addresses, such as 10.0.0.0/8, loopback, private.`,
  });
}
