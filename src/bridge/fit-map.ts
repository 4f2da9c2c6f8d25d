import { type CandidateMap, type Choice, candidateMaps } from './candidate-maps.ts';
import { NotPositiveDefinite } from './cholesky.ts';
import { type Calibration, calibrate, copies, DEPTH, neighbourRecall, ranksOfOwnRows } from './known-items.ts';
import { type Matrix, type Multiply, rowsOf } from './matrix.ts';
import { POLAR_STEPS } from './polar-factor.ts';
import { type Space, unitVectors } from './space.ts';

/** Vectors of the same rows in both models, the rows in random order. */
export interface Pairs {
  old: Space;
  renewed: Space;
}

/** A fitted map with what it is worth on rows that it was not fitted to. */
export interface FittedMap extends Choice {
  /** old dimensions by new dimensions */
  map: Matrix;
  /** rows that it was fitted to: all of them, once the way to fit it was chosen and measured */
  fittedRows: number;
  /** rows that measured the map of the others */
  heldOutRows: number;
  /** held-out rows that the new model finds by their own vectors, and how many of these the mapped query finds */
  known: number;
  kept: number;
  /** share of the rows that a search would find by chance */
  chance: number;
  mapped: Calibration;
  old: Calibration;
  /** each way that was tried, with what it was chosen by: neighbour recall, and the share of rows that it finds by their own vectors */
  tried: (Choice & { recall: number; found: number })[];
}

// Of all rows: those that choose between the maps, and those that measure the one that was chosen. The others are fitted to.
const CHOOSING_SHARE = 0.05;
const MEASURING_SHARE = 0.15;
const FEWEST_CHOOSING = 20;
// More say little more, and their scores for all rows have to be in memory.
const MOST_CHOOSING = 300;
const MOST_MEASURING = 1000;

/** Number of steps that fitMap() reports. */
export const FIT_STEPS = 3 * POLAR_STEPS + 9;

/**
 * Fits maps to most of the rows, chooses one by some of the others, and measures it with the rest: each of these rows is searched for with
 * its own new vector as the query, mapped, among the old vectors of all rows. The new model itself searches among the new vectors. At the
 * end the chosen map is fitted again to all rows, so the one that is returned is a little better than its figures.
 *
 * @param onStep called up to FIT_STEPS times
 */
export async function fitMap(pairs: Pairs, multiply: Multiply, onStep: () => void = () => {}): Promise<FittedMap> {
  const [old, renewed] = [unitVectors(pairs.old), unitVectors(pairs.renewed)];
  const size = old.rows;
  const measuredFrom = size - Math.min(MOST_MEASURING, Math.ceil(size * MEASURING_SHARE));
  const chosenFrom = measuredFrom - Math.min(MOST_CHOOSING, Math.max(FEWEST_CHOOSING, Math.ceil(size * CHOOSING_SHARE)));
  const choosing = rowsOf(renewed, chosenFrom, measuredFrom);
  const measuring = rowsOf(renewed, measuredFrom, size);

  const candidates = await candidateMaps(rowsOf(old, 0, chosenFrom), rowsOf(renewed, 0, chosenFrom), multiply, onStep);
  const wantedScores = await multiply(choosing, renewed, { b: true });
  const oldScores = await multiply(rowsOf(old, chosenFrom, size), old, { b: true });
  const isCopyOfChoosing = copies([wantedScores, oldScores], chosenFrom);
  const rated: { candidate: CandidateMap; recall: number; found: number }[] = [];
  for (const candidate of candidates) {
    const mapped = await mapIfPossible(candidate, choosing);
    // A map that cannot be computed finds nothing.
    const scores = mapped && (await multiply(mapped, old, { b: true }));
    rated.push({
      candidate,
      recall: scores ? neighbourRecall(scores, wantedScores, chosenFrom) : 0,
      found: scores ? shareFound(ranksOfOwnRows(scores, chosenFrom, isCopyOfChoosing)) : 0,
    });
    onStep();
  }
  const worth = ({ recall, found }: { recall: number; found: number }) => recall + found;
  const best = rated.reduce((first, second) => (worth(second) > worth(first) ? second : first)).candidate;
  const { method, regularisation } = best;

  const mapped = await best.mapQueries(measuring);
  const newScores = await multiply(measuring, renewed, { b: true });
  const isCopy = copies([newScores, rowsOf(oldScores, measuredFrom - chosenFrom, size - chosenFrom)], measuredFrom);
  const mappedRanks = ranksOfOwnRows(await multiply(mapped, old, { b: true }), measuredFrom, isCopy);
  const newRanks = ranksOfOwnRows(newScores, measuredFrom, isCopy);
  const known = newRanks.map((rank, i) => ({ rank, mapped: mappedRanks[i] as number })).filter(({ rank }) => rank <= DEPTH);
  const rows = { distance: pairs.old.distance, rows: old };
  const wanted = { distance: pairs.renewed.distance, queries: measuring, rows: renewed };
  return {
    method,
    regularisation,
    map: await mapOfAll(old, renewed, { method, regularisation }, multiply, onStep),
    fittedRows: size,
    heldOutRows: measuring.rows,
    known: known.length,
    kept: known.filter(({ mapped: rank }) => rank <= DEPTH).length,
    chance: DEPTH / size,
    mapped: await calibrate({ ...rows, queries: mapped }, wanted, measuredFrom, multiply),
    // A row's own old vector stands for a query that the old model embedded, so that the model need not be asked.
    old: await calibrate({ ...rows, queries: rowsOf(old, measuredFrom, size) }, wanted, measuredFrom, multiply),
    tried: rated.map(({ candidate, ...worths }) => ({ method: candidate.method, regularisation: candidate.regularisation, ...worths })),
  };
}

function shareFound(ranks: readonly number[]): number {
  return ranks.filter((rank) => rank <= DEPTH).length / ranks.length;
}

/** Undefined where rounding leaves nothing to solve: with small λ, if nearly all variance is in a few directions. */
async function mapIfPossible(candidate: CandidateMap, queries: Matrix): Promise<Matrix | undefined> {
  try {
    return await candidate.mapQueries(queries);
  } catch (error) {
    if (error instanceof NotPositiveDefinite) return undefined;
    throw error;
  }
}

/** The map to store: more rows make a better one. */
async function mapOfAll(old: Matrix, renewed: Matrix, choice: Choice, multiply: Multiply, onStep: () => void): Promise<Matrix> {
  const [chosen] = await candidateMaps(old, renewed, multiply, onStep, [choice]);
  if (!chosen) throw new Error('no map was fitted');
  return chosen.map();
}
