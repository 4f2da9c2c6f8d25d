import test from 'ava';
import { inverseCholeskyFactor } from '../src/bridge/cholesky.ts';
import { fitMap, type Pairs } from '../src/bridge/fit-map.ts';
import { loadGemm } from '../src/bridge/gemm-model.ts';
import { type Matrix, transpose } from '../src/bridge/matrix.ts';
import { multiplyPlainly } from '../src/bridge/multiply.ts';
import { polarFactor } from '../src/bridge/polar-factor.ts';
import { isOrderedByProduct } from '../src/bridge/space.ts';
import { decodeVector, encodeLittleEndian } from '../src/database/binary-vectors.ts';
import { madeUpVectors, randomRotation } from './harness/made-up-space.ts';

const plainly = async (...given: Parameters<typeof multiplyPlainly>) => multiplyPlainly(...given);

/** The product by its definition. */
function product(a: Matrix, b: Matrix): number[] {
  return Array.from({ length: a.rows * b.columns }, (_, i) => {
    const [row, column] = [Math.floor(i / b.columns), i % b.columns];
    let sum = 0;
    for (let k = 0; k < a.columns; k++) sum += (a.values[row * a.columns + k] as number) * (b.values[k * b.columns + column] as number);
    return sum;
  });
}

const isNear = (a: ArrayLike<number>, b: ArrayLike<number>, tolerance = 1e-4) =>
  a.length === b.length && Array.from(a).every((value, i) => Math.abs(value - (b[i] as number)) <= tolerance);

for (const [name, load] of [
  ['our own loops', async () => plainly],
  ['onnxruntime-node', loadGemm],
] as const) {
  test(`a product is right for every size and transposition: ${name}`, async (t) => {
    const multiply = await load();
    for (const [rows, inner, columns] of [
      [1, 1, 1],
      [3, 5, 2],
      [8, 16, 12],
      [70, 33, 67],
    ] as const) {
      const [a, b] = [madeUpVectors(rows, inner, 1), madeUpVectors(inner, columns, 2)];
      const expected = product(a, b);
      t.true(isNear((await multiply(a, b)).values, expected));
      t.true(isNear((await multiply(transpose(a), b, { a: true })).values, expected));
      t.true(isNear((await multiply(a, transpose(b), { b: true })).values, expected));
      const both = await multiply(transpose(a), transpose(b), { a: true, b: true });
      t.deepEqual([both.rows, both.columns], [rows, columns]);
      t.true(isNear(both.values, expected));
    }
  });
}

test('the inverse of a Cholesky factor is that of a known matrix', (t) => {
  // [[4, 2], [2, 10]] = L Lᵀ with L = [[2, 0], [1, 3]].
  const inverse = inverseCholeskyFactor({ rows: 2, columns: 2, values: Float32Array.of(3, 2, 2, 9) }, 1);
  t.true(isNear(inverse.values, [1 / 2, 0, -1 / 6, 1 / 3]));
  t.throws(() => inverseCholeskyFactor({ rows: 1, columns: 1, values: Float32Array.of(-2) }, 1), { instanceOf: RangeError });
});

for (const [rows, columns] of [
  [24, 24],
  [16, 24],
  [24, 16],
] as const) {
  test(`the polar factor of a stretched rotation is the rotation, also with singular values a thousand times apart: ${rows} x ${columns}`, async (t) => {
    const rotation = randomRotation(rows, columns, 3);
    // A symmetric positive definite matrix in front, or behind where there are fewer columns, does not change the polar factor.
    const short = Math.min(rows, columns);
    const basis = randomRotation(short, short, 4);
    const stretch = { rows: short, columns: short, values: new Float32Array(short ** 2) };
    for (let i = 0; i < short; i++) stretch.values[i * short + i] = 1000 ** (-i / (short - 1));
    const positive = multiplyPlainly(multiplyPlainly(basis, stretch), basis, { b: true });
    const stretched = rows <= columns ? multiplyPlainly(positive, rotation) : multiplyPlainly(rotation, positive);
    const found = await polarFactor(stretched, plainly);
    t.true(isNear(found.values, rotation.values, 0.01));
  });
}

/** Pairs whose new vectors are the old ones, turned and shifted. */
function rotated(rows: number, from: number, to: number): Pairs {
  const old = madeUpVectors(rows, from, 5);
  const renewed = multiplyPlainly(old, randomRotation(from, to, 6));
  renewed.values.forEach((value, i) => {
    renewed.values[i] = value + (i % to === 0 ? 0.3 : 0);
  });
  return { old: { distance: 'cosine', vectors: old }, renewed: { distance: 'cosine', vectors: renewed } };
}

for (const [from, to] of [
  [48, 48],
  [32, 64],
  [64, 48],
] as const) {
  test(`a rotation of the space keeps every held-out row: ${from} -> ${to} dimensions`, async (t) => {
    const fitted = await fitMap(rotated(500, from, to), plainly);
    t.is(fitted.kept, fitted.known);
    t.is(fitted.known, 75);
    t.deepEqual([fitted.fittedRows, fitted.heldOutRows], [500, 75]);
    t.deepEqual([fitted.map.rows, fitted.map.columns], [from, to]);
  });
}

test('with fewer rows than dimensions the maps are fitted all the same', async (t) => {
  const fitted = await fitMap(rotated(150, 200, 220), plainly);
  t.true(fitted.tried.every(({ recall }) => Number.isFinite(recall)));
  t.true(fitted.kept / fitted.known > 0.8, `${fitted.kept} of ${fitted.known}`);
});

test('distances of a pure rotation are predicted as they are', async (t) => {
  const old = madeUpVectors(400, 32, 7);
  const renewed = multiplyPlainly(old, randomRotation(32, 32, 8));
  for (const distance of ['cosine', 'inner_product'] as const) {
    const { mapped, old: ofOld } = await fitMap({ old: { distance, vectors: old }, renewed: { distance, vectors: renewed } }, plainly);
    t.true(Math.abs(ofOld.slope - 1) < 0.01 && Math.abs(ofOld.intercept) < 0.01, JSON.stringify(ofOld));
    t.true(Math.abs(mapped.slope - 1) < 0.05 && Math.abs(mapped.intercept) < 0.05, JSON.stringify(mapped));
  }
});

test('spaces that have nothing in common keep no more rows than chance', async (t) => {
  const space = (seed: number) => ({ distance: 'cosine' as const, vectors: madeUpVectors(1000, 32, seed) });
  const { kept, known, chance } = await fitMap({ old: space(9), renewed: space(10) }, plainly);
  t.true(kept <= 6, `${kept} of ${known}, by chance ${chance * known}`);
});

for (const [name, made] of [
  ['old model', (renewed: Matrix) => ({ old: { ...renewed, values: renewed.values.map(() => 0) }, renewed })],
  ['old model, and no zero vector', (renewed: Matrix) => ({ old: { ...renewed, values: renewed.values.map(() => 0.5) }, renewed })],
  ['new model', (old: Matrix) => ({ old, renewed: { ...old, values: old.values.map(() => 0.5) } })],
] as const) {
  test(`where all vectors of a model are the same, no row is found: ${name}`, async (t) => {
    const { old, renewed } = made(madeUpVectors(300, 16, 11));
    const fitted = await fitMap({ old: { distance: 'cosine', vectors: old }, renewed: { distance: 'cosine', vectors: renewed } }, plainly);
    t.is(fitted.kept, 0);
    t.true(Number.isFinite(fitted.mapped.slope) && Number.isFinite(fitted.mapped.intercept));
  });
}

test('copies of a row do not count against a map', async (t) => {
  const { old, renewed } = rotated(500, 48, 48);
  // Each row twenty times, in both models.
  const copied = ({ rows, columns, values }: Matrix): Matrix => ({
    rows,
    columns,
    values: values.map((_, i) => values[(Math.floor(i / columns) % (rows / 20)) * columns + (i % columns)] as number),
  });
  const fitted = await fitMap(
    { old: { ...old, vectors: copied(old.vectors) }, renewed: { ...renewed, vectors: copied(renewed.vectors) } },
    plainly,
  );
  t.deepEqual([fitted.known, fitted.kept], [75, 75]);
});

test('Euclidean distance gives the order of the inner product only for vectors of length 1', (t) => {
  const unit = { rows: 2, columns: 2, values: Float32Array.of(1, 0, 0.6, 0.8) };
  t.true(isOrderedByProduct({ distance: 'l2', vectors: unit }));
  t.false(isOrderedByProduct({ distance: 'l2', vectors: { ...unit, values: Float32Array.of(1, 0, 0.6, 0.9) } }));
  t.true(isOrderedByProduct({ distance: 'cosine', vectors: { ...unit, values: Float32Array.of(1, 0, 0.6, 0.9) } }));
});

test('vectors are read from the format of vector_send(), and maps written as float32, little-endian', (t) => {
  // Read from a server: SELECT vector_send('[1.5,-2]').
  t.deepEqual([...decodeVector(Buffer.from('000200003fc00000c0000000', 'hex'))], [1.5, -2]);
  t.is(encodeLittleEndian(Float32Array.of(1.5, -2)).toString('hex'), '0000c03f000000c0');
});
