/** A column's name without case, spelling and unit. */
export interface NormalName {
  /** Lower-case words joined by underscores: `device_id`. */
  name: string;
  /** The unit that the name says, as it is written but in lower case, for instance `km/h`; null: it says none. */
  unit: string | null;
}

/** Units that a name may end with after an underscore or blank, as `speed_kmh` and `altitude_ft` do. */
const UNIT_WORDS =
  /_(deg(?:rees)?|km_?h|kmph|kph|mph|m_s|mps|knots?|kn|kts?|ft|feet|fps|met(?:er|re)s?|ms|us|ns|utc|gmt|e7|e6)$/;

/**
 * Reads a column's name: `Latitude (deg)`, `LATITUDE_DEG` and `latitude [°]` are `latitude` in degrees, and `deviceId`,
 * `Device ID` and `device-id` are `device_id`. Only the last step of a path (`vehicle.position.lat`) counts.
 */
export function normalName(path: string): NormalName {
  const leaf = lastStep(path);
  const [, bare, bracketed] = /^(.*?)\s*[[({]\s*([^\])}]*)\s*[\])}]\s*$/.exec(leaf) ?? [];
  const words = wordsOf(bare ?? leaf);
  if (bracketed !== undefined && words !== '') return { name: words, unit: bracketed.toLowerCase() };
  const [suffix, unit] = UNIT_WORDS.exec(words) ?? [];
  if (suffix !== undefined && suffix.length < words.length)
    return { name: words.slice(0, -suffix.length), unit: unit! };
  return { name: words, unit: null };
}

/** The last step of a path that is not an index; steps of MongoDB's extended JSON such as `$date` do not count. */
function lastStep(path: string): string {
  // The point of `No. of cars` does not divide a path.
  const steps = path.split(/\.(?=[\w$@_])/).filter((step) => !/^\d+$/.test(step) && !step.startsWith('$'));
  return steps.at(-1) ?? path;
}

function wordsOf(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}/]+/gu, '_')
    .replace(/^_+|_+$/g, '')
    .replace(/(latitude|longitude|lat|lon|lng)(e7)$/, '$1_$2');
}
