import { basePath } from './base-path.ts';

/** The name of a page, as links give it, and its path. */
export interface RoutePage {
  readonly id: string;
  readonly path: string;
}

type Query = Record<string, string | undefined>;

/** The page in the address bar and its parameters: `/traces?trace=4bf9…`. */
class Route {
  /** The id of the shown page; the first page for an unknown path. */
  page = $state('');
  /** Whether the person has gone from page to page, rather than opened the site. */
  moved = false;
  #query = $state.raw(new URLSearchParams());
  #pages: readonly RoutePage[] = [];

  /** Starts with these pages; main.ts calls it once. */
  start(pages: readonly RoutePage[]): void {
    this.#pages = pages;
    this.#read();
    window.addEventListener('popstate', () => {
      this.moved = true;
      this.#read();
    });
  }

  /** A parameter of the shown page: `trace` in `/traces?trace=4bf9…`. */
  get(name: string): string | undefined {
    return this.#query.get(name) ?? undefined;
  }

  /** The address of a page, for links. @throws Error when there is no such page */
  href(page: string, query: Query = {}): string {
    const found = this.#pages.find(({ id }) => id === page);
    if (!found) throw new Error(`There is no page "${page}".`);
    const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
    const text = new URLSearchParams(given).toString();
    return `${addressOf(found)}${text && `?${text}`}`;
  }

  /** Goes to a page: one step of the browser's history. */
  go(page: string, query: Query = {}): void {
    this.goTo(this.href(page, query));
  }

  /** Goes to an address of this site: one step of the browser's history. */
  goTo(href: string): void {
    history.pushState(null, '', href);
    this.moved = true;
    this.#read();
  }

  /** Changes parameters of the shown page, without a step of the history. Undefined removes one. */
  set(query: Query): void {
    const all = { ...Object.fromEntries(this.#query), ...query };
    history.replaceState(null, '', this.href(this.page, all));
    this.#read();
  }

  #read(): void {
    this.page =
      (this.#pages.find((page) => addressOf(page) === location.pathname) ?? this.#pages[0])?.id ?? '';
    this.#query = new URLSearchParams(location.search);
  }
}

const addressOf = ({ path }: RoutePage): string => basePath + path.slice(1);

/** The route of the page: there is one address bar. */
export const route = new Route();

/** Svelte action: a link to a page of this site shows it without loading anew. */
export function goes(link: HTMLAnchorElement): { destroy(): void } {
  const follow = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    route.goTo(link.href);
  };
  link.addEventListener('click', follow);
  return { destroy: () => link.removeEventListener('click', follow) };
}
