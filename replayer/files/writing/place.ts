import { isJsonNumber } from '../../formats/support/table/own-table.ts';

/** A position, digit for digit as the datum has it: degrees, and metres above the sea. */
export interface Place {
  latitude: string;
  longitude: string;
  /** null where the datum has none. */
  elevation: string | null;
}

/** Where a datum's members say that it is; null where they do not. */
export function placeOf(members: ReadonlyMap<string, string>): Place | null {
  const [latitude, longitude] = [members.get('latitude'), members.get('longitude')];
  if (!isDegrees(latitude, 90) || !isDegrees(longitude, 180)) return null;
  const elevation = members.get('elevation');
  return { latitude, longitude, elevation: isFinite(elevation) ? elevation : null };
}

function isDegrees(value: string | undefined, max: number): value is string {
  return isFinite(value) && Math.abs(Number(value)) <= max;
}

function isFinite(value: string | undefined): value is string {
  return value !== undefined && isJsonNumber(value) && Number.isFinite(Number(value));
}
