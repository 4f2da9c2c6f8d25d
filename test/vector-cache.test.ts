import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { spaceOf } from '../src/embedding/cache/space.ts';
import { appendVectors, cachedSpaces, readVectorFile } from '../src/embedding/cache/vector-file.ts';
import { textDigest } from '../src/text-digest.ts';

const SPACE = textDigest('a space');

function createDirectory(t: { teardown(work: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'reembed-cache-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'cache');
}

const entry = (text: string, ...components: number[]) => ({ digest: textDigest(text), vector: Float32Array.from(components) });

test('cached vectors are read bit for bit, and the directory keeps itself out of version control', (t) => {
  const directory = createDirectory(t);
  appendVectors(directory, SPACE, [entry('one', 0.1, -2, 3e-30), entry('two', 1, 2, 3)]);
  appendVectors(directory, SPACE, [entry('three', 4, 5, 6)]);
  const { dimensions, vectors } = readVectorFile(directory, SPACE);
  t.is(dimensions, 3);
  t.deepEqual(vectors.get(textDigest('one')), Float32Array.from([0.1, -2, 3e-30]));
  t.deepEqual(vectors.get(textDigest('three')), Float32Array.from([4, 5, 6]));
  t.deepEqual(cachedSpaces(directory), [SPACE]);
  t.is(readFileSync(join(directory, '.gitignore'), 'utf8'), '*\n');
  t.is(readVectorFile(directory, textDigest('another')).vectors.size, 0);
});

test('no text is in the cache', (t) => {
  const directory = createDirectory(t);
  appendVectors(directory, SPACE, [entry('a telling text', 1)]);
  t.false(readFileSync(join(directory, `${SPACE}.vectors`)).includes('telling'));
});

test('a record that a crash cut off is removed, so that later ones can be read', (t) => {
  const directory = createDirectory(t);
  appendVectors(directory, SPACE, [entry('one', 1, 2)]);
  appendFileSync(join(directory, `${SPACE}.vectors`), Buffer.alloc(11, 7));
  t.deepEqual([...readVectorFile(directory, SPACE).vectors.keys()], [textDigest('one')]);
  appendVectors(directory, SPACE, [entry('two', 3, 4)]);
  t.deepEqual(readVectorFile(directory, SPACE).vectors.get(textDigest('two')), Float32Array.from([3, 4]));
});

test('a damaged record is ignored, and a file of another kind is refused with the command that erases it', (t) => {
  const directory = createDirectory(t);
  appendVectors(directory, SPACE, [entry('one', 1, 2), entry('two', 3, 4)]);
  const path = join(directory, `${SPACE}.vectors`);
  const bytes = readFileSync(path);
  bytes[45] = 99;
  writeFileSync(path, bytes);
  t.deepEqual([...readVectorFile(directory, SPACE).vectors.keys()], [textDigest('two')]);
  writeFileSync(path, 'something else that is long enough');
  t.throws(() => readVectorFile(directory, SPACE), { code: 'cache_unusable', message: /not a file of this version/ });
});

test('a vector is found again only for the same model, dimensions, prefix and parameters, at any address', (t) => {
  const model = { provider_model: 'm', dimensions: 8, send_dimensions: false, document_prefix: 'd: ', query_prefix: 'q: ' };
  const none = { document: {}, query: {} };
  const space = spaceOf(model, 'document', none);
  for (const changed of [{ provider_model: 'n' }, { send_dimensions: true }, { document_prefix: '' }])
    t.not(spaceOf({ ...model, ...changed }, 'document', none), space);
  t.not(spaceOf(model, 'query', none), space);
  t.not(spaceOf(model, 'document', { ...none, document: { input_type: 'document' } }), space);
  // What no request says does not change its answer.
  t.is(spaceOf({ ...model, dimensions: 9 }, 'document', none), space);
  t.is(spaceOf(model, 'document', { ...none, document: { encoding_format: 'float' } }), space);
});
