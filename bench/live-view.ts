import { Command } from 'commander';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { benchServer, runBench, tableText, withSetting } from './bench-command.ts';
import { median } from './rounds.ts';
import { createSubject, DIMENSIONS, type Subject } from './subject.ts';

interface Options {
  rows: number;
  characters: number;
  rounds: number;
  searches: number;
}

interface Search {
  name: string;
  text: string;
}

interface Comparison {
  search: string;
  /** milliseconds per search, median over the rounds */
  bare: number;
  view: number;
  /** view / bare of each round: median, minimum and maximum */
  ratio: number;
  lowest: number;
  highest: number;
}

const NEAREST = 'ORDER BY embedding <=> $1::vector LIMIT 10';

const command = new Command('bench:view')
  .description(
    'Compares searches through the views with searches of the bare table, in alternating rounds of the same queries. ' +
      'Makes a database of its own on the server of DATABASE_URL and drops it at the end.',
  )
  .option('--rows <n>', 'rows of the table', wholeNumber, 20_000)
  .option('--characters <n>', 'length of a text', wholeNumber, 900)
  .option('--rounds <n>', 'rounds, all searches each', wholeNumber, 10)
  .option('--searches <n>', 'searches of one side of a round', wholeNumber, 300);

await runBench(command, async (options: Options) => {
  const subject = await createSubject(benchServer(), { ...options, index: true, storage: 'side-table' });
  try {
    await subject.client.query(`INSERT INTO documents_new_vectors (id, embedding, model_version, text_hash)
      SELECT id, embedding, 'new', reembed.text_hash(content) FROM documents`);
    await subject.client.query('CREATE INDEX ON documents_new_vectors USING hnsw (embedding vector_cosine_ops)');
    await subject.client.query('VACUUM ANALYZE documents_new_vectors');
    const bare = { name: 'the bare table', text: `SELECT id, content FROM documents ${NEAREST}` };
    const views = [
      { name: 'the live view, vectors in a column', text: `SELECT id, content FROM documents_live ${NEAREST}` },
      {
        name: 'the same with the guard against the wrong model',
        text: `SELECT id, content FROM documents_live ORDER BY embedding <=> reembed.query_vector(embedding_model, 'old', $1::vector) LIMIT 10`,
      },
      { name: 'the view of vectors in a side table', text: `SELECT id, content FROM documents_new ${NEAREST}` },
    ];
    const comparisons: Comparison[] = [];
    for (const view of views) comparisons.push(await compare(subject, bare, view, options));
    const readsFor = await timeReadsFor(subject);
    const search = median(comparisons.map(({ bare: milliseconds }) => milliseconds));
    const calls = `reads_for(): ${(1000 * readsFor).toFixed(1)} µs a call, ${((100 * readsFor) / search).toFixed(2)} % of a search`;
    return withSetting(options, { comparisons, readsFor }, `${tableOf(comparisons)}\n${calls}`);
  } finally {
    await subject.close();
  }
});

/** Server time in milliseconds per call, over many calls in one statement, each for another reader. */
async function timeReadsFor({ client }: Subject): Promise<number> {
  const calls = 20_000;
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const startedAt = performance.now();
    await client.query(
      "SELECT count(r.view) FROM generate_series(1, $1::integer) AS reader(id), LATERAL reembed.reads_for('documents', 'reader ' || reader.id) AS r",
      [calls],
    );
    times.push((performance.now() - startedAt) / calls);
  }
  return median(times);
}

/** Runs the same queries on both sides, in the order A B, B A, and so on. */
async function compare(subject: Subject, bare: Search, view: Search, { rounds, searches }: Options): Promise<Comparison> {
  const results: { bare: number; view: number }[] = [];
  // The first round is a warm-up of caches and plans and is not counted.
  for (let round = -1; round < rounds; round++) {
    const queries = Array.from({ length: searches }, () => `[${Array.from({ length: DIMENSIONS }, () => Math.random() - 0.5)}]`);
    const result = { bare: 0, view: 0 };
    for (const side of round % 2 === 0 ? (['bare', 'view'] as const) : (['view', 'bare'] as const)) {
      const { name, text } = side === 'bare' ? bare : view;
      const startedAt = performance.now();
      for (const query of queries) {
        const { rowCount } = await subject.client.query({ name, text, values: [query] });
        if (rowCount !== 10) throw new Error(`${name} gave ${rowCount} rows`);
      }
      result[side] = (performance.now() - startedAt) / searches;
    }
    if (round >= 0) results.push(result);
  }
  const ratios = results.map((result) => result.view / result.bare);
  return {
    search: view.name,
    bare: median(results.map((result) => result.bare)),
    view: median(results.map((result) => result.view)),
    ratio: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
  };
}

function tableOf(comparisons: Comparison[]): string {
  return tableText(
    ['search through', 'ms, bare table', 'ms', 'ratio', 'lowest to highest'],
    comparisons.map(({ search, bare, view, ratio, lowest, highest }) => [
      ...[search, bare.toFixed(2), view.toFixed(2), ratio.toFixed(3)],
      `${lowest.toFixed(2)} to ${highest.toFixed(2)}`,
    ]),
  );
}
