import {
  pipelineMembersText,
  nextHops,
  type PipelineMembers,
  type Route,
} from '../../../../core/wire/pipeline.ts';

/** Where an event goes next, and what it carries there besides its trace. */
export interface Destination {
  /** null: the route has ended; the event goes to the output of the service. */
  channel: string | null;
  carried: PipelineMembers;
  /** The same as members of JSON text, with a leading comma. */
  text: string;
}

/** Finds where events go next in their pipelines. It keeps the last answer: successive events mostly take the same route. */
export class Router {
  #last: PipelineMembers = {};
  #destinations: Destination[] | null = null;

  /** The next destinations of an event. @param isRouted false: it goes to the output of the service, and its route ends */
  destinations({ pipeline, route = [], params }: PipelineMembers, isRouted: boolean): Destination[] {
    const effective = isRouted ? route : [];
    const last = this.#last;
    if (
      !this.#destinations ||
      pipeline !== last.pipeline ||
      params !== last.params ||
      !isSame(effective, last.route!)
    ) {
      this.#last = { pipeline, route: effective, params };
      this.#destinations = destinationsOf(this.#last);
    }
    return this.#destinations;
  }
}

function destinationsOf({ pipeline, route, params }: PipelineMembers): Destination[] {
  const hops = nextHops(route!);
  const next = hops.length > 0 ? hops : [{ channel: null, route: [] }];
  return next.map(({ channel, route: rest }) => {
    const carried = { pipeline, ...(rest.length > 0 && { route: rest }), params };
    return { channel, carried, text: pipelineMembersText(carried) };
  });
}

/** Whether two routes are equal. Routes with branches count as equal only if their branches are the same objects. */
function isSame(a: Route, b: Route): boolean {
  return a === b || (a.length === b.length && a.every((step, i) => step === b[i]));
}
