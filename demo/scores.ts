import { parseArgs } from 'node:util';
import { loadGlosses, queries } from './corpus.ts';
import { allModels } from './models/all-models.ts';
import { minilmFolder } from './models/minilm-files.ts';
import { startLanes } from './server/lanes.ts';

// A check of the demo's models: how well does each find a word's definition among all of them?

const { values } = parseArgs({ options: { rows: { type: 'string', default: '1500' }, queries: { type: 'string' } } });
const glosses = loadGlosses(Number(values.rows));
const judged = queries(glosses, Number(values.queries ?? values.rows));

await minilmFolder();
const lanes = await startLanes();
for (const model of allModels.keys()) {
  const start = performance.now();
  const documents = await lanes.embed(
    model,
    glosses.map(({ gloss }) => gloss),
  );
  const rate = Math.round((1000 * glosses.length) / (performance.now() - start));
  const searches = await lanes.embed(
    model,
    judged.map(({ text }) => text),
  );
  const score = ndcgAt10(documents.vectors, searches.vectors);
  console.log(`${model}: nDCG@10 ${score.toFixed(3)} over ${judged.length} queries; ${rate} explanations/s`);
}
await lanes.close();

/** With one right answer, a query scores 1 at rank 1, 0.63 at rank 2 and 0 below rank 10. */
function ndcgAt10(documents: Float32Array[], searches: Float32Array[]): number {
  const gains = searches.map((search, query) => {
    const similarities = documents.map((document) => dot(document, search));
    const right = similarities[glosses.findIndex(({ id }) => id === judged[query]?.relevant)] ?? -1;
    const rank = 1 + similarities.filter((similarity) => similarity > right).length;
    return rank <= 10 ? 1 / Math.log2(1 + rank) : 0;
  });
  return gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
}

/** The cosine of the angle between vectors of length 1. */
function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
