import { SUBJECT_COLOURS } from './palette.ts';

/** Red, green and blue, 0..255. */
export type Rgb = readonly [number, number, number];

/** The value of a colour token in the current theme: canvases can't read CSS variables. */
export function token(name: string): Rgb {
  const probe = document.createElement('span');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const [r = 0, g = 0, b = 0] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).map(Number);
  probe.remove();
  return [r, g, b];
}

/** As CSS text. */
export const css = ([r, g, b]: Rgb, alpha = 1): string => `rgb(${r} ${g} ${b} / ${alpha})`;

/** As MapLibre reads it. */
export const rgba = ([r, g, b]: Rgb, alpha = 1): string => `rgba(${r},${g},${b},${alpha})`;

/** The colours of the subjects in the current theme. */
export const palette = (): Rgb[] => Array.from({ length: SUBJECT_COLOURS }, (_, i) => token(`subject-${i}`));
