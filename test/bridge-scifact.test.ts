import test from 'ava';
import { fitMap } from '../src/bridge/fit-map.ts';
import { loadGemm } from '../src/bridge/gemm-model.ts';
import { mapQueries } from '../src/bridge/map-queries.ts';
import { type Matrix, type Multiply, zeros } from '../src/bridge/matrix.ts';
import { ndcgAt } from '../src/validation/metrics/ranking-metrics.ts';
import { readJudgements } from '../src/validation/queries/judgements.ts';
import { spread } from '../src/validation/queries/queries.ts';
import {
  HAS_SCIFACT_DATA,
  MINILM,
  readScifactDocuments,
  readScifactQueries,
  readScifactVectors,
  SCIFACT_JUDGEMENTS,
  type ScifactModel,
  textOfAbstract,
  USE_LITE,
} from './harness/scifact-data.ts';

const CANDIDATES = 100;

/** nDCG@10 on SciFact of the models and of a bridge between them, by exact search. */
async function measure(from: ScifactModel, to: ScifactModel, multiply: Multiply) {
  const documents = readScifactDocuments();
  const judgements = readJudgements(SCIFACT_JUDGEMENTS);
  const queries = readScifactQueries().filter(({ id }) => judgements.has(id));
  const read = (model: ScifactModel) => {
    const vectors = readScifactVectors(model);
    const stack = (texts: readonly string[]) => stacked(texts.map((text) => unit(vectors.get(text) as Float32Array)));
    return { documents: stack(documents.map(textOfAbstract)), queries: stack(queries.map(({ text }) => text)) };
  };
  const [old, renewed] = [read(from), read(to)];
  const drawn = spread(
    [...documents.keys()].sort((a, b) => ((a * 7919) % documents.length) - ((b * 7919) % documents.length)),
    2000,
  );
  const rowsOf = (matrix: Matrix) => stacked(drawn.map((row) => matrix.values.slice(row * matrix.columns, (row + 1) * matrix.columns)));
  const fitted = await fitMap(
    {
      old: { distance: 'cosine', vectors: rowsOf(old.documents) },
      renewed: { distance: 'cosine', vectors: rowsOf(renewed.documents) },
    },
    multiply,
  );
  const mapped = stacked(
    mapQueries(
      fitted.map,
      queries.map((_, i) => renewed.queries.values.slice(i * to.dimensions, (i + 1) * to.dimensions)),
    ),
  );
  const oldScores = await multiply(old.queries, old.documents, { b: true });
  const mappedScores = await multiply(mapped, old.documents, { b: true });
  const newScores = await multiply(renewed.queries, renewed.documents, { b: true });
  const all = [...documents.keys()];
  const figure = (rankingOf: (query: number) => number[]) => {
    const values = queries.map(({ id }, query) =>
      ndcgAt(
        rankingOf(query)
          .slice(0, 10)
          .map((row) => documents[row]?.id ?? ''),
        judgements.get(id) ?? new Map(),
        10,
      ),
    );
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const by = (scores: Matrix, query: number, rows: readonly number[]) =>
    [...rows].sort((a, b) => (scores.values[query * all.length + b] as number) - (scores.values[query * all.length + a] as number));
  return {
    method: fitted.method,
    regularisation: fitted.regularisation,
    retention: fitted.kept / fitted.known,
    old: figure((query) => by(oldScores, query, all)),
    mapAlone: figure((query) => by(mappedScores, query, all)),
    oldRecalls: figure((query) => by(newScores, query, by(oldScores, query, all).slice(0, CANDIDATES))),
    mapRecalls: figure((query) => by(newScores, query, by(mappedScores, query, all).slice(0, CANDIDATES))),
    new: figure((query) => by(newScores, query, all)),
  };
}

function stacked(vectors: readonly Float32Array[]): Matrix {
  const matrix = zeros(vectors.length, vectors[0]?.length ?? 0);
  vectors.forEach((vector, row) => {
    matrix.values.set(vector, row * matrix.columns);
  });
  return matrix;
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

if (HAS_SCIFACT_DATA) {
  test('on SciFact a map alone is worth what the old model is, and what it recalls, ranked by new vectors, more than twice as much', async (t) => {
    const figures = await measure(USE_LITE, MINILM, await loadGemm());
    t.log(figures);
    t.true(figures.mapAlone > 0.215 && figures.mapAlone < 0.26);
    t.true(figures.mapRecalls >= 0.49);
    t.true(figures.retention > 0.75);
  });

  test('on SciFact a bridge from the strong model to the weak one is worth less than the strong model', async (t) => {
    const figures = await measure(MINILM, USE_LITE, await loadGemm());
    t.log(figures);
    t.true(figures.mapAlone < 0.4 && figures.mapRecalls < 0.4 && figures.old > 0.6);
  });
} else {
  test('the bridge on SciFact is measured beside its data', (t) => {
    t.false(HAS_SCIFACT_DATA);
  });
}
