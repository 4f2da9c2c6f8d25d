import { inverseCholeskyFactor } from './cholesky.ts';
import { at, centred, type Matrix, type Multiply, transpose } from './matrix.ts';
import { polarFactor } from './polar-factor.ts';

/** A way to fit a map. */
export interface CandidateMap {
  method: 'ridge' | 'procrustes' | 'whitened';
  /** share of the mean variance of a component that is added to each; null for procrustes */
  regularisation: number | null;
  /** queries of the new model, one a row, mapped into the old space, one a row */
  mapQueries(queries: Matrix): Promise<Matrix>;
  /** the map itself: old dimensions by new dimensions */
  map(): Promise<Matrix>;
}

/** What was chosen of the ways to fit a map. */
export type Choice = Pick<CandidateMap, 'method' | 'regularisation'>;

type Mapping = Pick<CandidateMap, 'mapQueries' | 'map'>;

// Small ones were best on every pair of models that was tried, and the search for the best is cheap.
const REGULARISATIONS = [1e-4, 1e-3, 1e-2, 1e-1, 1];
// Each costs as much as Procrustes, and from 0.03 to 3 they were worth nearly the same.
const WHITENING = 0.3;
const CHOICES: readonly Choice[] = [
  { method: 'procrustes', regularisation: null },
  { method: 'whitened', regularisation: WHITENING },
  ...REGULARISATIONS.map((regularisation): Choice => ({ method: 'ridge', regularisation })),
];

/**
 * Fits the maps to choose from. W takes an old vector to a new one: W (x − mean of old) + mean of new. A score ⟨W x, q⟩ is ⟨x, Wᵀ q⟩, so
 * only Wᵀ is needed, and the means do not change the order of the rows.
 *
 * @param old vectors, one a row
 * @param renewed vectors of the same rows
 * @param onStep called after each step of a polar factor
 * @param choices which maps; without `whitened` where there are fewer rows than old dimensions
 */
export async function candidateMaps(
  old: Matrix,
  renewed: Matrix,
  multiply: Multiply,
  onStep: () => void,
  choices = CHOICES,
): Promise<CandidateMap[]> {
  const [x, y] = [centred(old), centred(renewed)];
  const isPrimal = x.columns <= x.rows;
  const covariance = await multiply(x, y, { a: true });
  const gram = await multiply(x, x, isPrimal ? { a: true } : { b: true });
  const meanVariance = trace(gram) / x.columns;
  const inverses = new Map<number, Matrix>();
  const inverseFactor = (regularisation: number): Matrix => {
    const inverse = inverses.get(regularisation) ?? inverseCholeskyFactor(gram, regularisation * meanVariance);
    inverses.set(regularisation, inverse);
    return inverse;
  };
  /** Wᵀ = (XᵀX + λI)⁻¹ XᵀY, or with fewer rows than dimensions Xᵀ (XXᵀ + λI)⁻¹ Y, which is the same. */
  const ridge = (regularisation: number): Mapping => {
    const right = isPrimal ? covariance : y;
    const solve = async (wanted: Matrix) => {
      const inverse = inverseFactor(regularisation);
      const solved = await multiply(inverse, await multiply(inverse, wanted), { a: true });
      return isPrimal ? solved : multiply(x, solved, { a: true });
    };
    return { mapQueries: async (queries) => transpose(await solve(await multiply(right, queries, { b: true }))), map: () => solve(right) };
  };
  const once = (compute: () => Promise<Matrix>): Mapping => {
    let computed: Promise<Matrix> | undefined;
    const map = () => {
      computed ??= compute();
      return computed;
    };
    return { map, mapQueries: async (queries) => multiply(queries, await map(), { b: true }) };
  };
  /** Wᵀ = S R, where S whitens the old vectors, S² = (XᵀX + λI)⁻¹, and R is the rotation from there to the new space. With L⁻¹ for S it is the same. */
  const whitened = (regularisation: number) =>
    once(async () => {
      const inverse = inverseFactor(regularisation);
      const rotation = await polarFactor(await multiply(inverse, covariance), multiply, onStep);
      return multiply(inverse, rotation, { a: true });
    });
  return choices
    .filter(({ method }) => isPrimal || method !== 'whitened')
    .map((choice): CandidateMap => {
      const { method, regularisation } = choice;
      if (regularisation === null) return { ...choice, ...once(() => polarFactor(covariance, multiply, onStep)) };
      return { ...choice, ...(method === 'whitened' ? whitened(regularisation) : ridge(regularisation)) };
    });
}

function trace({ rows, values }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += at(values, i * rows + i);
  return sum;
}
