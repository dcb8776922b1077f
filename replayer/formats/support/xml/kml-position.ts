import { decimalJson } from './decimal.ts';

/** A decimal number, or what stands for one. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Longitude, latitude and altitude as members, digit for digit.
 * @param mode how KML counts the altitude: above the ground, or above the sea
 * @returns null for texts that are not a position
 */
export function positionMembers(parts: string[], mode: string): [name: string, json: string][] | null {
  const [longitude, latitude, altitude] = parts;
  if (parts.length < 2 || !NUMBER.test(longitude!) || !NUMBER.test(latitude!)) return null;
  const members: [string, string][] = [
    ['latitude', decimalJson(latitude!)],
    ['longitude', decimalJson(longitude!)],
  ];
  const name = mode === 'relativeToGround' ? 'height_above_ground' : 'elevation';
  if (altitude !== undefined && altitude !== '') members.push([name, decimalJson(altitude)]);
  return members;
}
