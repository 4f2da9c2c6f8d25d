import test from 'ava';
import fc from 'fast-check';
import { encodeVectorArray } from '../src/database/binary-vectors.ts';
import { createTestDatabase, type TestDatabase } from './harness/database.ts';

let db: TestDatabase;
let vectorOid: number;

test.before(async () => {
  db = await createTestDatabase();
  ({ vectorOid } = (await db.pool.query('SELECT $1::regtype::oid::integer AS "vectorOid"', ['vector'])).rows[0]);
});
test.after.always(() => db.close());

const component = fc.float({ noNaN: true, noDefaultInfinity: true });
// A part of a larger piece of memory, as the vectors of an answer are.
const vector = fc
  .tuple(fc.array(component, { minLength: 1, maxLength: 300 }), fc.nat({ max: 3 }))
  .map(([components, before]) =>
    Float32Array.from([...Array(before).fill(7), ...components, 7]).subarray(before, before + components.length),
  );

/** What the database understood, in the order it was sent. */
async function sendThrough(vectors: (Float32Array | null)[]): Promise<(Float32Array | null)[]> {
  const { rows } = await db.pool.query<{ vector: string | null }>(
    'SELECT item.vector::text AS vector FROM unnest($1::vector[]) WITH ORDINALITY AS item(vector, place) ORDER BY item.place',
    [encodeVectorArray(vectors, vectorOid)],
  );
  return rows.map(({ vector: text }) => (text === null ? null : Float32Array.from(JSON.parse(text) as number[])));
}

test('vectors of any length and any components, and nulls, come through the database as they were', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(vector), { maxLength: 20 }), async (vectors) => {
      t.deepEqual(await sendThrough(vectors), vectors);
    }),
    { numRuns: 60 },
  );
});

test('the largest possible vector is stored and read unchanged', async (t) => {
  const large = Float32Array.from({ length: 16_000 }, (_, i) => Math.fround(Math.sin(i)));
  t.deepEqual(await sendThrough([large, null, large]), [large, null, large]);
});

test('a halfvec column takes the same parameter, rounded to half precision, and refuses what half precision cannot hold', async (t) => {
  const store = (components: number[]) =>
    db.pool.query<{ vector: string }>('INSERT INTO halves (vector) SELECT item FROM unnest($1::vector[]) AS item RETURNING vector::text', [
      encodeVectorArray([Float32Array.from(components)], vectorOid),
    ]);
  await db.pool.query('CREATE TABLE halves (vector halfvec)');
  const half = fc.float({ noNaN: true, noDefaultInfinity: true, min: -65000, max: 65000 });
  await fc.assert(
    fc.asyncProperty(fc.array(half, { minLength: 1, maxLength: 100 }), async (components) => {
      const stored = JSON.parse((await store(components)).rows[0]?.vector ?? '[]') as number[];
      t.is(stored.length, components.length);
      // Eleven significant bits, and steps of 2^-24 near zero; a step more for the decimal text.
      components.forEach((component, i) => {
        t.true(
          Math.abs((stored[i] ?? Number.NaN) - component) <= Math.max(Math.abs(component) / 1024, 2 ** -24),
          `${component} ${stored[i]}`,
        );
      });
    }),
    { numRuns: 40 },
  );
  await t.throwsAsync(store([1, 70_000]), { message: /out of range/ });
});

test('a component that is not finite is refused by the database', async (t) => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    await t.throwsAsync(sendThrough([Float32Array.of(1, bad)]), { message: /not allowed in vector/ });
  }
});
