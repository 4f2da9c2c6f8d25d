import pLimit from 'p-limit';

/**
 * Works through items, several at a time. After a failure nothing new is started, and what is under way is waited for, so that no
 * query runs on behind the error.
 *
 * @param width most items at a time
 * @returns results in the order of the items
 * @throws what the first failing item threw
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
