/** A dense matrix, row by row. */
export interface Matrix {
  rows: number;
  columns: number;
  values: Float32Array;
}

/** Which factors of a product are transposed. */
export interface Transposed {
  a?: boolean;
  b?: boolean;
}

/** Multiplies two matrices, each of which may be transposed. */
export type Multiply = (a: Matrix, b: Matrix, transposed?: Transposed) => Promise<Matrix>;

/** A matrix of zeros. */
export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, values: new Float32Array(rows * columns) };
}

/** Rows of a matrix, without copying them. */
export function rowsOf({ columns, values }: Matrix, from: number, to: number): Matrix {
  return { rows: to - from, columns, values: values.subarray(from * columns, to * columns) };
}

/** A copy without the mean of its rows. */
export function centred(matrix: Matrix): Matrix {
  const mean = meanRow(matrix);
  return { ...matrix, values: matrix.values.map((value, i) => value - at(mean, i % matrix.columns)) };
}

function meanRow({ rows, columns, values }: Matrix): Float64Array {
  const mean = new Float64Array(columns);
  for (let row = 0; row < rows; row++) for (let c = 0; c < columns; c++) mean[c] = at(mean, c) + at(values, row * columns + c) / rows;
  return mean;
}

/** A copy with rows and columns exchanged. */
export function transpose({ rows, columns, values }: Matrix): Matrix {
  const turned = zeros(columns, rows);
  for (let row = 0; row < rows; row++) for (let c = 0; c < columns; c++) turned.values[c * rows + row] = at(values, row * columns + c);
  return turned;
}

/** Length of a row. */
export function lengthOf({ columns, values }: Matrix, row: number): number {
  let sum = 0;
  for (let c = row * columns; c < (row + 1) * columns; c++) sum += at(values, c) ** 2;
  return Math.sqrt(sum);
}

/** An element that is known to exist: the compiler cannot tell. */
export function at(values: { readonly [index: number]: number }, index: number): number {
  return values[index] as number;
}
