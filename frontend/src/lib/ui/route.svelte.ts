/** The pages in the order of the navigation. The first has the address `/`, the others `/<name>`. */
export const PAGES = ['live', 'recordings', 'pipelines', 'tasks', 'traces', 'logs', 'system'] as const;
export type PageName = (typeof PAGES)[number];

type Query = Record<string, string | undefined>;

/** Which page is shown and what of it, as the address bar says: `/traces?trace=4bf9…`. */
class Route {
  page = $state<PageName>('live');
  /** Whether somebody has gone from page to page, rather than come from outside. */
  moved = false;
  #query = $state.raw(new URLSearchParams());

  constructor() {
    this.#read();
    window.addEventListener('popstate', () => {
      this.moved = true;
      this.#read();
    });
  }

  /** What the address says of the shown page: `trace` in `/traces?trace=4bf9…`. */
  get(name: string): string | undefined {
    return this.#query.get(name) ?? undefined;
  }

  /** The address of a page, for links. */
  href(page: PageName, query: Query = {}): string {
    const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
    const text = new URLSearchParams(given).toString();
    return `/${page === 'live' ? '' : page}${text && `?${text}`}`;
  }

  /** Goes to a page: one step of the browser's history. */
  go(page: PageName, query: Query = {}): void {
    history.pushState(null, '', this.href(page, query));
    this.moved = true;
    this.#read();
  }

  /** Changes what is shown of this page, without a step of the history. Undefined takes a member away. */
  set(query: Query): void {
    const all = { ...Object.fromEntries(this.#query), ...query };
    history.replaceState(null, '', this.href(this.page, all));
    this.#read();
  }

  #read(): void {
    const name = location.pathname.slice(1);
    this.page = PAGES.find((page) => page === name) ?? 'live';
    this.#query = new URLSearchParams(location.search);
  }
}

/** There is one address bar. */
export const route = new Route();

/** `use:goes`: a link to a page of this site loads nothing anew. */
export function goes(link: HTMLAnchorElement): { destroy(): void } {
  const follow = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    const { pathname, searchParams } = new URL(link.href);
    const page = PAGES.find((name) => name === pathname.slice(1)) ?? 'live';
    route.go(page, Object.fromEntries(searchParams));
  };
  link.addEventListener('click', follow);
  return { destroy: () => link.removeEventListener('click', follow) };
}
