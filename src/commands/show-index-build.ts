import type { BuildDisplay, IndexBuild } from '../phases/index-build.ts';
import { formatSeconds } from '../wording.ts';
import { createDisplay } from './progress-display.ts';

// Exponent of an HNSW build's time in its rows: inserting a row costs more the larger the graph is. About as in
// sql/index/predict_index_build.sql.
const GROWTH = 1.25;
const LOADING = 'building index: loading tuples';

/** Shows an index build while it runs: a bar on a terminal, elsewhere a line every five seconds. */
export function createBuildDisplay(stream: NodeJS.WritableStream = process.stderr): BuildDisplay {
  const display = createDisplay(stream);
  let loadingSince: { pid: number; at: number } | undefined;
  return {
    ...display,
    stop() {
      // The last measured state is out of date: the end of the build has been reported already.
      display.update([]);
      display.stop();
    },
    update(build) {
      if (build.phase === LOADING && loadingSince?.pid !== build.pid) loadingSince = { pid: build.pid, at: performance.now() };
      const loadingSeconds = build.phase === LOADING && loadingSince ? (performance.now() - loadingSince.at) / 1000 : undefined;
      display.update([
        { name: build.index, done: build.percent ?? 0, total: 100, text: buildLine(build, secondsLeft(build, loadingSeconds)) },
      ]);
    },
  };
}

/**
 * Formats the state of an index build in one line.
 *
 * @param left seconds the build is expected to take from now on; undefined if unknown
 */
export function buildLine(build: IndexBuild, left?: number): string {
  // Ordered by importance, because a narrow terminal cuts off the end.
  const parts = [
    build.waiting_for === null ? '' : `waits for ${build.waiting_for}`,
    build.percent === null ? '' : `${build.percent.toFixed(1)} %`,
    left === undefined ? '' : `ETA ${formatSeconds(left)}`,
    build.phase.replace(/^building index: /, ''),
    build.elapsed_seconds === null ? '' : formatSeconds(build.elapsed_seconds),
    build.predicted_seconds === null ? '' : `predicted ${formatSeconds(build.predicted_seconds)}`,
  ];
  return parts.filter(Boolean).join(', ');
}

/**
 * Estimates the seconds a build has left: from its own pace once that can be measured, before that from the prediction.
 *
 * @param loadingSeconds seconds it has been loading rows; undefined while it is not loading
 */
export function secondsLeft(build: IndexBuild, loadingSeconds: number | undefined): number | undefined {
  if (loadingSeconds === undefined) return undefined;
  const share = (build.percent ?? 0) / 100;
  if (share >= 0.02 && loadingSeconds >= 2) return loadingSeconds * (share ** -GROWTH - 1);
  return build.predicted_seconds === null ? undefined : build.predicted_seconds * (1 - share ** GROWTH);
}
