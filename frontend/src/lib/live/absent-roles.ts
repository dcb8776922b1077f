import type { Service } from '../../../../schemas/types.ts';

/** A process or a service that does not answer, or is being started again. */
export interface Absent {
  /** A role, or for a service its own name. */
  readonly name: string;
  readonly role: Service['role'];
  readonly state: 'missing' | 'restarting';
  /** The host that it runs on; undefined where its instance does not say. */
  readonly host: string | undefined;
}

/** What is absent. The services of a process that is absent are not named: they are back when it is. */
export function absentOf(services: readonly Service[]): Absent[] {
  const absent = services.filter(({ state }) => state === 'missing' || state === 'restarting');
  const processes = new Set(
    absent.map(({ instance }) => instance).filter((instance) => !instance.includes(':')),
  );
  const found = new Map<string, Absent>();
  for (const { name, role, state, instance } of absent) {
    const [process = ''] = instance.split(':');
    const isService = instance.includes(':');
    if (isService && processes.has(process)) continue;
    const [, host] = /^[a-z]+-(.+)-\d+$/.exec(process) ?? [];
    const shown = isService || role === 'service' ? name : role;
    found.set(`${shown} ${host}`, { name: shown, role, state: state as Absent['state'], host });
  }
  return [...found.values()];
}
