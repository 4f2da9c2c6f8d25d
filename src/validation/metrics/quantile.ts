/**
 * Quantile with linear interpolation: type 7 of Hyndman and Fan, "Sample quantiles in statistical packages", The American Statistician
 * 50(4), 1996, the same as PostgreSQL's percentile_cont.
 *
 * @param sorted values in ascending order, at least one
 * @param share 0 to 1
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}
