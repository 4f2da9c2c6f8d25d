import { type Matrix, zeros } from './matrix.ts';

/** Thrown for a matrix without a Cholesky factor: rounding errors are larger than what was added to it. */
export class NotPositiveDefinite extends RangeError {
  constructor() {
    super('the matrix is not positive definite');
  }
}

/**
 * The inverse of the Cholesky factor L of S + λI, so that (S + λI)⁻¹ R is a product of two triangles with R: Lᵀ⁻¹ (L⁻¹ R). In double
 * precision, because S has the square of the condition number of what it was made of; two triangles in single precision then lose no more
 * than the original would.
 *
 * @param symmetric positive semi-definite S
 * @param added λ, above the rounding errors of S
 * @returns L⁻¹, a lower triangle
 * @throws NotPositiveDefinite
 */
export function inverseCholeskyFactor(symmetric: Matrix, added: number): Matrix {
  const size = symmetric.rows;
  const factor = Float64Array.from(symmetric.values);
  for (let i = 0; i < size; i++) {
    factor[i * size + i] = (factor[i * size + i] as number) + added;
    for (let j = 0; j <= i; j++) {
      let sum = factor[i * size + j] as number;
      for (let k = 0; k < j; k++) sum -= (factor[i * size + k] as number) * (factor[j * size + k] as number);
      // Also if it is not a number.
      if (i === j && !(sum > 0)) throw new NotPositiveDefinite();
      factor[i * size + j] = i === j ? Math.sqrt(sum) : sum / (factor[j * size + j] as number);
    }
  }
  return inverseOfLower(factor, size);
}

/** Row i of L⁻¹ is (row i of I − Σ L[i][k] · row k of L⁻¹) / L[i][i]: whole rows are added, in the order of memory. */
function inverseOfLower(lower: Float64Array, size: number): Matrix {
  const inverse = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const row = inverse.subarray(i * size, i * size + i + 1);
    row[i] = 1;
    for (let k = 0; k < i; k++) {
      const share = lower[i * size + k] as number;
      const earlier = inverse.subarray(k * size, k * size + k + 1);
      for (let j = 0; j <= k; j++) row[j] = (row[j] as number) - share * (earlier[j] as number);
    }
    const pivot = lower[i * size + i] as number;
    for (let j = 0; j <= i; j++) row[j] = (row[j] as number) / pivot;
  }
  const rounded = zeros(size, size);
  rounded.values.set(inverse);
  return rounded;
}
