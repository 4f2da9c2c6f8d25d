/**
 * Works through items with several workers at once. After a failure nothing new is begun, and what is under way is
 * waited for, so that no query runs on behind the error.
 *
 * @param width most items at a time
 * @returns results in the order of the items
 * @throws what the first failing item threw
 */
export async function inParallel<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  const failures: unknown[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length && failures.length === 0) {
      const position = next++;
      try {
        results[position] = await work(items[position] as T);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}
