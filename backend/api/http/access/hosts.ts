import { BlockList, isIPv6 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { refusal } from '../../../../core/problems/errors.ts';

/** Where a request says it goes to: a name in its canonical form, and a port; '' is the default one of the scheme. */
export interface Authority {
  name: string;
  port: string;
}

const ALL_INTERFACES = ['0.0.0.0', '::', ''];
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Reads `name:port` as browsers do: letters in lower case, addresses in their usual form, no dot at the end. Null: it is
 * something else, such as a name with a user before it. `scheme` decides which port is the default one.
 */
export function parseAuthority(text: string, scheme: 'http' | 'https' = 'http'): Authority | null {
  // The URL parser skips blanks and takes backslashes for slashes.
  if (!/^[^\s/?#@\\,]+$/.test(text) || !URL.canParse(`${scheme}://${text}/`)) return null;
  const { hostname: name, port } = new URL(`${scheme}://${text}/`);
  return { name: name.replace(/\.$/, ''), port };
}

/**
 * The names that lead to this server. A page can let a name of its own lead to any address (DNS rebinding), and then counts
 * as a page of this server. It can't choose the name of this machine, or "localhost".
 */
export class KnownHosts {
  readonly #bound: string | undefined;
  readonly #isEverywhere: boolean;
  readonly #names = new Set<string>();
  readonly #endings: string[] = [];
  readonly #any: boolean;

  /** `bound`: the address that the server listens on; `allowed`: further names, checked by `checkAllowedHosts`. */
  constructor(bound: string, allowed: string[]) {
    this.#isEverywhere = ALL_INTERFACES.includes(bound);
    this.#bound = canonical(bound);
    this.#any = allowed.includes('*');
    for (const each of allowed) {
      const [, ending] = /^\*?\.(.+)$/.exec(each) ?? [];
      if (ending !== undefined) this.#endings.push(canonical(ending)!);
      else if (each !== '*') this.#names.add(canonical(each)!);
    }
  }

  /** Whether this name leads here. */
  has({ name }: Authority): boolean {
    return (
      this.#any ||
      isLoopback(name) ||
      name === this.#bound ||
      this.#names.has(name) ||
      this.#endings.some((ending) => name === ending || name.endsWith(`.${ending}`)) ||
      (this.#isEverywhere && ownNames().includes(name))
    );
  }
}

/** @throws refusal `config_invalid` if an entry is not the name of a host */
export function checkAllowedHosts(allowed: string[]): void {
  for (const each of allowed) {
    if (each === '*') continue;
    const name = each.replace(/^(\*?\.)/, '');
    const isPlain = isIPv6(name) || /^(\[.+\]|[^:]+)$/.test(name);
    if (isPlain && canonical(name) !== undefined) continue;
    throw refusal(
      'config_invalid',
      `REPRISE_ALLOWED_HOSTS: "${each.slice(0, 100)}" is not the name of a host.`,
      {
        hint: 'Write names or addresses without scheme and port, such as reprise.example.org, or .example.org for all names below it.',
      },
    );
  }
}

function isLoopback(name: string): boolean {
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  const bare = bareAddress(name);
  if (isIPv6(bare)) return loopback.check(bare, 'ipv6');
  return /^[\d.]+$/.test(bare) && loopback.check(bare, 'ipv4');
}

function canonical(host: string): string | undefined {
  return parseAuthority(isIPv6(host) ? `[${host}]` : host)?.name;
}

const bareAddress = (name: string): string => name.replace(/^\[|\]$/g, '');

/** This machine's addresses and its name. They can change while the process runs. */
function ownNames(): (string | undefined)[] {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return [hostname(), ...addresses.map(({ address }) => address)].map(canonical);
}
