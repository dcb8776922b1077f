import { carriedText, nextHops, type Carried, type Route } from '../../../core/wire/pipeline.ts';

/** Where an event goes next, and what it carries there beside its trace. */
export interface Destination {
  /** null: its route is at its end. */
  channel: string | null;
  carried: Carried;
  /** The same as members of JSON text, with a leading comma. */
  text: string;
}

/** The ways of events through pipelines. Events that follow each other mostly go the same: it is worked out once. */
export class Router {
  #last: Carried = {};
  #ways: Destination[] | null = null;

  /** Where what carries this goes; `isRouted` false: it stays where the service writes, at the end of all routes. */
  of({ pipeline, route = [], params }: Carried, isRouted: boolean): Destination[] {
    const asked = isRouted ? route : [];
    const last = this.#last;
    if (!this.#ways || pipeline !== last.pipeline || params !== last.params || !isSame(asked, last.route!)) {
      this.#last = { pipeline, route: asked, params };
      this.#ways = destinationsOf(this.#last);
    }
    return this.#ways;
  }
}

function destinationsOf({ pipeline, route, params }: Carried): Destination[] {
  const hops = nextHops(route!);
  const ends = hops.length > 0 ? hops : [{ channel: null, route: [] }];
  return ends.map(({ channel, route: rest }) => {
    const carried = { pipeline, ...(rest.length > 0 && { route: rest }), params };
    return { channel, carried, text: carriedText(carried) };
  });
}

/** Routes with branches are compared no further than whether they are the same object. */
function isSame(a: Route, b: Route): boolean {
  return a === b || (a.length === b.length && a.every((step, i) => step === b[i]));
}
