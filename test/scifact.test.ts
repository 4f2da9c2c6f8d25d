import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { createWorkplace } from './harness/command.ts';
import { createTestDatabase } from './harness/database.ts';
import { vectorText } from './harness/documents.ts';
import { startProvider } from './harness/provider.ts';

// SciFact with the vectors of two models is not part of this repository: the test runs where it lies beside it.
const folder = new URL('../../shared/data/scifact/', import.meta.url);
const path = (name: string) => fileURLToPath(new URL(name, folder));
const OLD = { name: 'use-lite', dimensions: 512 };
const NEW = { name: 'minilm', dimensions: 384 };

function readObjects<T>(name: string): T[] {
  return readFileSync(path(name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

/** Rows of raw little-endian float32. */
function readVectors(name: string, dimensions: number): Float32Array[] {
  const bytes = readFileSync(path(name));
  const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return Array.from({ length: floats.length / dimensions }, (_, i) => floats.subarray(i * dimensions, (i + 1) * dimensions));
}

if (existsSync(folder) && process.env.TEST_DATABASE_URL) {
  test('SciFact moves from USE-lite to MiniLM with the published figures: nDCG@10 0.212 -> 0.640, overlap@10 0.12', async (t) => {
    t.timeout(300_000);
    const documents = readObjects<{ id: string; title: string; text: string }>('corpus.jsonl');
    const queries = readObjects<{ id: string; text: string }>('queries.jsonl');
    const texts = [...documents.map(({ title, text }) => `${title} ${text}`), ...queries.map(({ text }) => text)];
    // The provider gives the vectors that the real models gave these texts.
    const known = new Map<string, Float32Array>();
    for (const { model, files } of [
      { model: OLD, files: ['use-lite.docs.f32', 'use-lite.queries.f32'] },
      { model: NEW, files: ['minilm.docs.f32', 'minilm.queries.f32'] },
    ]) {
      files
        .flatMap((file) => readVectors(file, model.dimensions))
        .forEach((vector, i) => {
          known.set(`${model.name}/${texts[i]}`, vector);
        });
    }
    const provider = await startProvider({ [OLD.name]: OLD.dimensions, [NEW.name]: NEW.dimensions });
    t.teardown(provider.close);
    provider.script = ({ model, input }) =>
      input[0] === 'a short text' ? undefined : { vectors: input.map((text) => known.get(`${model}/${text}`) ?? null) };

    const database = await createTestDatabase();
    t.teardown(database.close);
    const { pool } = database;
    await pool.query('CREATE TABLE abstracts (id bigint PRIMARY KEY, title text, body text, embedding vector(512))');
    for (let i = 0; i < documents.length; i += 500) {
      const part = documents.slice(i, i + 500);
      await pool.query('INSERT INTO abstracts SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::vector[])', [
        part.map(({ id }) => id),
        part.map(({ title }) => title),
        part.map(({ text }) => text),
        part.map(({ title, text }) => vectorText(known.get(`${OLD.name}/${title} ${text}`) as Float32Array)),
      ]);
    }
    await pool.query('CREATE INDEX abstracts_embedding_idx ON abstracts USING hnsw (embedding vector_cosine_ops)');

    const place = createWorkplace({ DATABASE_URL: database.url, OPENAI_API_KEY: 'any-word', OPENAI_BASE_URL: provider.url });
    t.teardown(place.remove);
    const create = [
      'migrate',
      'create',
      '--table',
      'abstracts',
      '--text-sql',
      "title || ' ' || body",
      '--from',
      OLD.name,
      '--to',
      NEW.name,
    ];
    t.is((await place.run([...create, '--dimensions', String(NEW.dimensions)])).code, 0);
    t.is((await place.run(['migrate', 'up', '--wait'])).code, 3);

    // BEIR's queries of the judged split are among more; only those with a judgement count.
    const judged = new Set(
      readFileSync(path('qrels.tsv'), 'utf8')
        .split('\n')
        .map((line) => line.split('\t')[0]),
    );
    const queryFile = join(place.directory, 'queries.jsonl');
    writeFileSync(
      queryFile,
      queries
        .filter(({ id }) => judged.has(id))
        .map((query) => JSON.stringify(query))
        .join('\n'),
    );
    const validation = await place.run(['validate', '--queries', queryFile, '--judgements', path('qrels.tsv'), '--json']);
    t.is(validation.code, 0, validation.stderr);
    const figures = JSON.parse(validation.stdout) as Record<'ndcg_before' | 'ndcg_after' | 'overlap' | 'index_recall' | 'queries', number>;
    t.log(figures.queries, figures.ndcg_before, figures.ndcg_after, figures.overlap, figures.index_recall);
    t.true(Math.abs(figures.ndcg_before - 0.212) <= 0.005);
    t.true(Math.abs(figures.ndcg_after - 0.64) <= 0.005);
    t.true(Math.abs(figures.overlap - 0.12) <= 0.005);

    t.is((await place.run(['migrate', 'up'])).code, 3);
    const { rows } = await pool.query('SELECT DISTINCT embedding_model FROM abstracts_live');
    t.deepEqual(rows, [{ embedding_model: NEW.name }]);
  });
} else {
  test('the figures of SciFact are checked on a real server beside which its data lies', (t) => {
    t.false(existsSync(folder) && process.env.TEST_DATABASE_URL !== undefined);
  });
}
