import pLimit from 'p-limit';

/**
 * Processes items concurrently. After a failure no new item is started, and running items are waited for, so that no query continues after
 * the error.
 *
 * @param width maximum number of items at a time
 * @returns results in the order of the items
 * @throws the error of the first item that failed
 */
export async function inParallel<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const limit = pLimit({ concurrency: width, rejectOnClear: true });
  const tasks = items.map((item) => limit(work, item));
  try {
    return await Promise.all(tasks);
  } catch (error) {
    limit.clearQueue();
    await Promise.allSettled(tasks);
    throw error;
  }
}
