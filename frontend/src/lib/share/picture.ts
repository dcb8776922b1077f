import { css, token } from '../ui/colours.ts';

const TITLE_PX = 22;

/** A picture of the charts of a panel, one below the other, each with its title. */
export function pictureOfCharts(panel: Element): HTMLCanvasElement {
  const scale = devicePixelRatio;
  const charts = [...panel.querySelectorAll('figure')].flatMap((figure) => {
    const plot = figure.querySelector('canvas');
    return plot ? [{ plot, title: figure.querySelector('figcaption')?.textContent.trim() ?? '' }] : [];
  });
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, ...charts.map(({ plot }) => plot.width));
  canvas.height = charts.reduce((sum, { plot }) => sum + plot.height + TITLE_PX * scale, 1);
  const context = canvas.getContext('2d');
  if (!context) return canvas;
  context.fillStyle = css(token('surface'));
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = css(token('text'));
  context.font = `600 ${13 * scale}px ${getComputedStyle(document.body).fontFamily}`;
  let top = 0;
  for (const { plot, title } of charts) {
    context.fillText(title.replaceAll(/\s+/g, ' '), 10 * scale, top + 16 * scale);
    context.drawImage(plot, 0, top + TITLE_PX * scale);
    top += plot.height + TITLE_PX * scale;
  }
  return canvas;
}

/** A canvas as a PNG file. @throws Error when the browser can't make it */
export const pngOf = (canvas: HTMLCanvasElement): Promise<Blob> =>
  new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The picture is empty.'))), 'image/png'),
  );
