import test from 'ava';
import fc from 'fast-check';
import { outOfRange } from '../src/database/element-types.ts';
import { BadAnswer, checkVectors } from '../src/embedding/check-vectors.ts';
import type { Encoding } from '../src/embedding/encoding.ts';
import { toBase64 } from './harness/provider.ts';

const DIMENSIONS = 8;
const component = fc.float({ noNaN: true, noDefaultInfinity: true });
const vector = fc
  .array(component, { minLength: DIMENSIONS, maxLength: DIMENSIONS })
  .filter((components) => components.some((value) => value !== 0))
  .map((components) => Float32Array.from(components));
const EXPECTED = { model: 'model', count: 1, dimensions: DIMENSIONS };
const encoding = fc.constantFrom<Encoding>('float', 'base64');

const write = (components: ArrayLike<number | null>, as: Encoding) => (as === 'base64' ? toBase64(components) : Array.from(components));
const check = (embeddings: unknown[], as: Encoding) =>
  checkVectors(
    embeddings.map((embedding) => ({ embedding })),
    { ...EXPECTED, count: embeddings.length, encoding: as },
  );

test('vectors come out as they were sent, in the order of the texts, as numbers and as base64, and numbers where base64 was asked for', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(vector, encoding, fc.nat()), { minLength: 1, maxLength: 30 }),
      encoding,
      fc.boolean(),
      (drawn, asked, isShuffled) => {
        const answers = drawn.map(([components, as], index) => ({
          index,
          embedding: write(components, asked === 'float' ? 'float' : as),
        }));
        if (isShuffled) answers.sort((a, b) => (drawn[a.index]?.[2] ?? 0) - (drawn[b.index]?.[2] ?? 0));
        const vectors = checkVectors(answers, { ...EXPECTED, count: answers.length, encoding: asked });
        t.deepEqual(
          vectors,
          drawn.map(([components]) => components),
        );
      },
    ),
  );
});

test('exactly the vectors at fault are named, in either encoding', (t) => {
  const faults: [string, ArrayLike<number | null>][] = [
    ['wrong_dimensions', [1, 2, 3]],
    ['wrong_dimensions', []],
    ['not_finite', [null, 1, 1, 1, 1, 1, 1, 1]],
    ['not_finite', [1, 1, 1, Number.POSITIVE_INFINITY, 1, 1, 1, 1]],
    ['not_finite', [1, 1, 1, 1, 1, 1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]],
    ['zero_vector', [0, -0, 0, 0, 0, 0, 0, 0]],
  ];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(vector, fc.option(fc.constantFrom(...faults), { freq: 2 })), { minLength: 2, maxLength: 30 }),
      encoding,
      (drawn, as) => {
        fc.pre(drawn.some(([, fault]) => fault) && drawn.some(([, fault]) => !fault));
        const error = t.throws(
          () =>
            check(
              drawn.map(([good, fault]) => write(fault?.[1] ?? good, as)),
              as,
            ),
          { instanceOf: BadAnswer },
        );
        t.deepEqual(
          error.positions,
          drawn.flatMap(([, fault], position) => (fault ? [position] : [])),
        );
        t.is(error.code, String(drawn.find(([, fault]) => fault)?.[1]?.[0]));
      },
    ),
  );
});

test('a component that float32 cannot hold is infinite, and a vector of components too small for it is a zero vector', (t) => {
  t.throws(() => check([[1e39, 1, 1, 1, 1, 1, 1, 1]], 'float'), { code: 'not_finite' });
  t.throws(() => check([Array(DIMENSIONS).fill(1e-60)], 'float'), { code: 'zero_vector' });
  const largest = Float32Array.from(Array(DIMENSIONS).fill(3.4e38));
  t.deepEqual(check([[...largest], toBase64(largest)], 'base64'), [largest, largest]);
});

test('text where numbers were asked for, text that is not base64 and vectors of another number type are no vectors', (t) => {
  const good = Float32Array.from({ length: DIMENSIONS }, (_, i) => i + 1);
  const text = toBase64(good);
  t.throws(() => check([text], 'float'), { code: 'wrong_dimensions', message: /0 dimensions instead of 8/ });
  for (const bad of ['', 'no vector', text.slice(4), `${text}AAAA`, `*${text.slice(1)}`, `${text.slice(0, 20)}\n${text.slice(20)}`]) {
    t.throws(() => check([bad], 'base64'), { code: 'wrong_dimensions' }, bad);
  }
  t.throws(() => check([Buffer.from(Float64Array.from(good).buffer).toString('base64')], 'base64'), {
    message: /16 dimensions instead of 8/,
  });
  for (const bad of [null, undefined, 7, {}, ['1', '2', '3', '4', '5', '6', '7', '8'], [true, 1, 1, 1, 1, 1, 1, 1]]) {
    t.throws(() => check([bad], 'base64'), { instanceOf: BadAnswer });
  }
});

test('an answer with the wrong number of vectors or with unknown indexes blames no text', (t) => {
  const answer = (index: number) => ({ index, embedding: Array(DIMENSIONS).fill(1) });
  const blamed = (answers: unknown, code: string) =>
    t.deepEqual(t.throws(() => checkVectors(answers as never, { ...EXPECTED, count: 2 }), { instanceOf: BadAnswer, code }).positions, []);
  blamed(undefined, 'wrong_count');
  blamed([answer(0)], 'wrong_count');
  blamed([answer(0), answer(0)], 'wrong_order');
  blamed([answer(0), answer(2)], 'wrong_order');
  blamed([answer(0), answer(0.5)], 'wrong_order');
  blamed([null, null], 'wrong_dimensions');
});

test('a component that halfvec cannot hold is refused, and one that is rounded to its largest value is not', (t) => {
  const limit = outOfRange('halfvec');
  const answer = (value: number) => [{ embedding: [1, value, ...Array(DIMENSIONS - 2).fill(0)] }];
  for (const value of [65504, 65519, -65519]) t.notThrows(() => checkVectors(answer(value), { ...EXPECTED, limit }));
  for (const value of [65520, -65520, 1e30]) {
    const error = t.throws(() => checkVectors(answer(value), { ...EXPECTED, limit }), { instanceOf: BadAnswer });
    t.is(error?.code, 'out_of_range');
    t.notThrows(() => checkVectors(answer(value), { ...EXPECTED, limit: outOfRange('vector') }));
  }
});
