import { at, type Matrix, type Multiply } from './matrix.ts';

// Directions with less than this share of the largest singular value are noise of the sample; they end below length 1.
const SMALLEST_SHARE = 1e-4;
const CLOSE_ENOUGH = 1e-3;
const POWER_STEPS = 30;
// Without a limit, a step would map the largest singular value to the smallest, and rounding could change its sign.
const LARGEST_SCALE = 1.6977;

/** Number of steps that polarFactor() takes. */
export const POLAR_STEPS = lengthOfIteration();

/**
 * The nearest matrix with orthonormal rows (or columns, where there are fewer of them): U Vᵀ of the singular value decomposition, by the
 * Newton–Schulz iteration, which needs only products. Each step scales the matrix so that the smallest singular value grows as fast as one
 * that keeps all of them below 1 allows (Chen and Chow, "A stable scaling of Newton-Schulz for improving the sign function computation of a
 * Hermitian matrix", Argonne National Laboratory, 2014).
 *
 * @param onStep called after each of POLAR_STEPS steps
 */
export async function polarFactor(matrix: Matrix, multiply: Multiply, onStep: () => void = () => {}): Promise<Matrix> {
  const isWide = matrix.rows <= matrix.columns;
  const largest = await largestSingularValue(matrix, multiply);
  let z: Matrix = { ...matrix, values: matrix.values.map((value) => value / largest) };
  for (let smallest = SMALLEST_SHARE, step = 0; step < POLAR_STEPS; step++) {
    const scale = scaleFor(smallest);
    // Z (3 I − α² ZᵀZ) α / 2, with the product on the shorter side.
    const square = isWide ? await multiply(z, z, { b: true }) : await multiply(z, z, { a: true });
    const cube = isWide ? await multiply(square, z) : await multiply(z, square);
    const before = z.values;
    z = { ...z, values: cube.values.map((value, i) => (scale / 2) * (3 * at(before, i) - scale ** 2 * value)) };
    smallest = grown(smallest);
    onStep();
  }
  return z;
}

/** α of a step when the singular values are between `smallest` and 1. */
function scaleFor(smallest: number): number {
  return Math.min(LARGEST_SCALE, Math.sqrt(3 / (1 + smallest + smallest ** 2)));
}

/** The smallest singular value after a step. */
function grown(smallest: number): number {
  const scale = scaleFor(smallest);
  return (scale / 2) * smallest * (3 - scale ** 2 * smallest ** 2);
}

function lengthOfIteration(): number {
  let steps = 0;
  for (let smallest = SMALLEST_SHARE; 1 - smallest > CLOSE_ENOUGH; steps++) smallest = grown(smallest);
  // The last step brings what rounding has moved back to 1.
  return steps + 1;
}

/** An upper bound of the singular values, a little above the largest. */
async function largestSingularValue(matrix: Matrix, multiply: Multiply): Promise<number> {
  let vector: Matrix = { rows: matrix.columns, columns: 1, values: new Float32Array(matrix.columns).map((_, i) => 1 + (i % 7) / 10) };
  let length = 0;
  for (let step = 0; step < POWER_STEPS; step++) {
    vector = await multiply(matrix, await multiply(matrix, vector), { a: true });
    length = Math.sqrt(vector.values.reduce((sum, value) => sum + value ** 2, 0));
    if (length === 0) return 1;
    const scale = length;
    vector = { ...vector, values: vector.values.map((value) => value / scale) };
  }
  // The power iteration comes from below.
  return Math.sqrt(length) * 1.05;
}
