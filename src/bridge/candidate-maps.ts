import { inverseCholeskyFactor } from './cholesky.ts';
import { at, centred, type Matrix, type Multiply, transpose } from './matrix.ts';
import { polarFactor } from './polar-factor.ts';

/** A way to fit a map. */
export interface CandidateMap {
  method: 'ridge' | 'procrustes';
  /** share of the mean variance of a component that ridge adds to each; null for procrustes */
  regularisation: number | null;
  /** queries of the new model, one a row, mapped into the old space, one a row */
  mapQueries(queries: Matrix): Promise<Matrix>;
  /** the map itself: old dimensions by new dimensions */
  map(): Promise<Matrix>;
}

/** What was chosen of the ways to fit a map. */
export type Choice = Pick<CandidateMap, 'method' | 'regularisation'>;

// Small ones were best on every pair of models that was tried, and the search for the best is cheap.
const REGULARISATIONS = [1e-4, 1e-3, 1e-2, 1e-1, 1];
const CHOICES: readonly Choice[] = [
  { method: 'procrustes', regularisation: null },
  ...REGULARISATIONS.map((regularisation): Choice => ({ method: 'ridge', regularisation })),
];

/**
 * Fits the maps to choose from. W takes an old vector to a new one: W (x − mean of old) + mean of new. A score ⟨W x, q⟩ is ⟨x, Wᵀ q⟩, so
 * only Wᵀ is needed, and the means do not change the order of the rows.
 *
 * @param old vectors, one a row
 * @param renewed vectors of the same rows
 * @param onStep called after each step of the polar factor
 * @param choices which maps
 */
export async function candidateMaps(
  old: Matrix,
  renewed: Matrix,
  multiply: Multiply,
  onStep: () => void,
  choices = CHOICES,
): Promise<CandidateMap[]> {
  const [x, y] = [centred(old), centred(renewed)];
  const covariance = await multiply(x, y, { a: true });
  const solve = await ridgeSolver(x, y, covariance, multiply);
  const orthogonal = choices.some(({ method }) => method === 'procrustes') ? await polarFactor(covariance, multiply, onStep) : covariance;
  return choices.map((choice): CandidateMap => {
    const { regularisation } = choice;
    if (regularisation !== null) return { ...choice, ...solve(regularisation) };
    return { ...choice, mapQueries: (queries) => multiply(queries, orthogonal, { b: true }), map: async () => orthogonal };
  });
}

/** Wᵀ = (XᵀX + λI)⁻¹ XᵀY, or with fewer rows than dimensions Xᵀ (XXᵀ + λI)⁻¹ Y, which is the same. */
async function ridgeSolver(x: Matrix, y: Matrix, covariance: Matrix, multiply: Multiply) {
  const isPrimal = x.columns <= x.rows;
  const gram = await multiply(x, x, isPrimal ? { a: true } : { b: true });
  const right = isPrimal ? covariance : y;
  const meanVariance = trace(gram) / x.columns;
  return (regularisation: number): Pick<CandidateMap, 'mapQueries' | 'map'> => {
    let inverse: Matrix | undefined;
    const solve = async (wanted: Matrix) => {
      inverse ??= inverseCholeskyFactor(gram, regularisation * meanVariance);
      const solved = await multiply(inverse, await multiply(inverse, wanted), { a: true });
      return isPrimal ? solved : multiply(x, solved, { a: true });
    };
    return { mapQueries: async (queries) => transpose(await solve(await multiply(right, queries, { b: true }))), map: () => solve(right) };
  };
}

function trace({ rows, values }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += at(values, i * rows + i);
  return sum;
}
