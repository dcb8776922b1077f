/** Whether a path leads through another. */
export function isBelow(path: string, outer: string): boolean {
  return outer === '' ? path !== '' : path.startsWith(`${outer}.`);
}

/** The path of a member. */
export function memberPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
