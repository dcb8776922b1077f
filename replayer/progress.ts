import type { Replay } from './replay.ts';

const LINE_MS = 200;

/** Shows a live line on a terminal's stderr while a replay runs; answers what ends it. A pipe is told nothing. */
export function watch(replay: Replay, quiet: boolean): () => void {
  if (quiet || !process.stderr.isTTY) return () => {};
  let last = { atMs: performance.now(), published: 0 };
  const draw = () => {
    const document = replay.document();
    const now = performance.now();
    const perSecond = ((document.counts.published - last.published) / (now - last.atMs)) * 1000;
    last = { atMs: now, published: document.counts.published };
    const start = Date.parse(document.start);
    const share = document.end
      ? (Date.parse(document.position) - start) / Math.max(1, Date.parse(document.end) - start)
      : null;
    const parts = [
      document.state,
      document.position.replace('T', ' ').slice(0, 19),
      ...(share === null ? [] : [`${(share * 100).toFixed(1)} %`]),
      `rate ${document.rate}`,
      `${Math.round(perSecond).toLocaleString('en')} events/s`,
      `late p99 ${document.latenessMs!.p99.toFixed(1)} ms`,
      ...(document.counts.refused ? [`${document.counts.refused} refused`] : []),
    ];
    process.stderr.write(`\r\x1b[2K${parts.join('  ')}`);
  };
  const timer = setInterval(draw, LINE_MS);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\x1b[2K');
  };
}
