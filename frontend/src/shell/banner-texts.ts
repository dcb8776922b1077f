import type { Absent } from '../lib/live/absent-roles.ts';

/** Where the logs of the machine of the API are. */
export interface LogPlace {
  readonly host: string;
  readonly folder: string;
}

type Role = Absent['role'];

/** What still works without a role. */
const WORKS: Record<Role, string> = {
  replayer: 'nothing is played meanwhile, and what was played stays here',
  analysis: 'replays go on, and what is derived from them catches up later without loss',
  tasks: 'replays and services go on, and tasks wait in their queue',
  api: 'replays and services go on, and what you see is from then',
  service: 'replays go on, and its values catch up later',
  recorder: 'replays and services go on, and what it was recording is not recorded',
};

/** The file of a log: on the machine of the API with its folder, elsewhere in the data folder of that machine. */
function logOf(role: Role, host: string | undefined, place: LogPlace | null): string {
  // A service of another language, or a recorder, has its log where it was started.
  if (role === 'service' || role === 'recorder') return 'its log is where it was started';
  if (!place) return `its log is ${role}.log in the folder “logs” of the data of Reprise`;
  if (host === undefined || host === place.host)
    return `its log is ${place.folder}/${role}.log on ${place.host}`;
  return `its log is logs/${role}.log in the data folder of ${host}`;
}

/** What is said of a role that is absent: what still works, what is being done, and where to look. */
export const bannerTexts = {
  silent: (since: string) => `The API has not answered since ${since}:`,
  silentHint: (place: LogPlace | null) =>
    `${WORKS.api}; the page tries again all the time, and ${logOf('api', undefined, place)}.`,
  absent: ({ name, role, state }: Absent) => {
    const who = name === role ? `The ${name} role` : name;
    return state === 'restarting' ? `${who} is being started again:` : `${who} does not answer:`;
  },
  absentHint({ role, state, host }: Absent, place: LogPlace | null): string {
    const isOwn = role === 'service' || role === 'recorder';
    const done = state === 'restarting' || isOwn ? '' : 'it is started again if it stays silent, ';
    return `${WORKS[role]}; ${done}everything goes on by itself, and ${logOf(role, host, place)}.`;
  },
};
