import { isInstalled } from '../optional-packages.ts';
import { loadGemm } from './gemm-model.ts';
import { type Matrix, type Multiply, type Transposed, transpose, zeros } from './matrix.ts';

/** Multiplies by onnxruntime-node if it is installed, and otherwise by our own loops, which take several times as long. */
export async function createMultiply(): Promise<Multiply> {
  return isInstalled('onnxruntime-node') ? loadGemm() : async (a, b, transposed) => multiplyPlainly(a, b, transposed);
}

// Four rows by four columns at a time: sixteen sums stay in registers, and each element that is loaded is used four times.
const TILE = 4;
// Columns of the second factor that stay in the cache while all rows of the first pass.
const BLOCK = 64;

/** The same product in plain JavaScript. Sums are in double precision. */
export function multiplyPlainly(first: Matrix, second: Matrix, transposed: Transposed = {}): Matrix {
  // Both factors with the summed dimension last, so that the inner loop reads memory in order.
  const a = transposed.a ? transpose(first) : first;
  const b = transposed.b ? second : transpose(second);
  const product = zeros(a.rows, b.rows);
  for (let from = 0; from < b.rows; from += BLOCK) {
    const to = Math.min(b.rows, from + BLOCK);
    for (let row = 0; row < a.rows; row += TILE) {
      for (let column = from; column < to; column += TILE) {
        if (row + TILE <= a.rows && column + TILE <= to) multiplyTile(a, b, product, row, column);
        else multiplyEdge(a, b, product, row, column, to);
      }
    }
  }
  return product;
}

function multiplyTile(a: Matrix, b: Matrix, product: Matrix, row: number, column: number): void {
  const n = a.columns;
  const x = a.values;
  const y = b.values;
  // Each in a variable of its own, and read without at(): this is where all the time goes.
  const a0 = row * n;
  const a1 = (row + 1) * n;
  const a2 = (row + 2) * n;
  const a3 = (row + 3) * n;
  const b0 = column * n;
  const b1 = (column + 1) * n;
  const b2 = (column + 2) * n;
  const b3 = (column + 3) * n;
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  let s20 = 0;
  let s21 = 0;
  let s22 = 0;
  let s23 = 0;
  let s30 = 0;
  let s31 = 0;
  let s32 = 0;
  let s33 = 0;
  for (let k = 0; k < n; k++) {
    const x0 = x[a0 + k] as number;
    const x1 = x[a1 + k] as number;
    const x2 = x[a2 + k] as number;
    const x3 = x[a3 + k] as number;
    const y0 = y[b0 + k] as number;
    const y1 = y[b1 + k] as number;
    const y2 = y[b2 + k] as number;
    const y3 = y[b3 + k] as number;
    s00 += x0 * y0;
    s01 += x0 * y1;
    s02 += x0 * y2;
    s03 += x0 * y3;
    s10 += x1 * y0;
    s11 += x1 * y1;
    s12 += x1 * y2;
    s13 += x1 * y3;
    s20 += x2 * y0;
    s21 += x2 * y1;
    s22 += x2 * y2;
    s23 += x2 * y3;
    s30 += x3 * y0;
    s31 += x3 * y1;
    s32 += x3 * y2;
    s33 += x3 * y3;
  }
  const width = product.columns;
  product.values.set([s00, s01, s02, s03], row * width + column);
  product.values.set([s10, s11, s12, s13], (row + 1) * width + column);
  product.values.set([s20, s21, s22, s23], (row + 2) * width + column);
  product.values.set([s30, s31, s32, s33], (row + 3) * width + column);
}

function multiplyEdge(a: Matrix, b: Matrix, product: Matrix, row: number, column: number, to: number): void {
  const n = a.columns;
  for (let r = row; r < Math.min(a.rows, row + TILE); r++) {
    for (let c = column; c < Math.min(to, column + TILE); c++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += (a.values[r * n + k] as number) * (b.values[c * n + k] as number);
      product.values[r * product.columns + c] = sum;
    }
  }
}
