import { Command } from 'commander';
import pg from 'pg';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { ELEMENT_TYPES, type ElementType } from '../src/database/element-types.ts';
import { formClass, formKey, type IndexForm, PLAIN } from '../src/database/index-form.ts';
import { createStormDatabase } from '../storm/server.ts';
import { benchServer, runBench, tableText, withSetting } from './bench-command.ts';
import { asParameter, createVectors } from './clustered-vectors.ts';

interface Options {
  rows: number;
  dimensions: number;
  queries: number;
}

/** A type of the vectors, and what their index holds. */
interface Kind {
  name: string;
  type: ElementType;
  form: IndexForm;
  candidates: number[];
}

interface Figures {
  kind: string;
  buildSeconds: number;
  indexBytes: number;
  /** by number of candidates; a single one where the index holds the vectors */
  searches: { candidates: number; recall: number; milliseconds: number }[];
}

const NEAREST = 10;
const ROWS_AT_ONCE = 200;
const EF_SEARCH = 40;
const CANDIDATES = [50, 100, 200, 400];

const command = new Command('bench:dimensions')
  .description(
    'Builds the kinds of index on the same vectors and compares build time, size, recall and search time. ' +
      'Makes a database of its own on the server of DATABASE_URL and drops it.',
  )
  .option('--rows <n>', 'rows', wholeNumber, 20_000)
  .option('--dimensions <n>', 'dimensions', wholeNumber, 1536)
  .option('--queries <n>', 'searches', wholeNumber, 100);

await runBench(command, async (options: Options) => {
  const { rows, dimensions, queries } = options;
  const server = await createStormDatabase(benchServer(), undefined, false);
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query("SET max_parallel_maintenance_workers = 0; SET maintenance_work_mem = '2GB'; SET jit = off");
    await fill(client, rows, queries, dimensions);
    const figures: Figures[] = [];
    for (const kind of kindsOf(dimensions)) figures.push(await measure(client, kind, dimensions));
    return withSetting(options, { figures }, tableOf(figures));
  } finally {
    await client.end();
    await server.close();
  }
});

function kindsOf(dimensions: number): Kind[] {
  const types = Object.keys(ELEMENT_TYPES) as ElementType[];
  const plain = types
    .filter((type) => dimensions <= ELEMENT_TYPES[type].maxIndexedDimensions)
    .map((type): Kind => ({ name: type, type, form: PLAIN, candidates: [NEAREST] }));
  return [
    ...plain,
    { name: 'binary', type: 'vector', form: { name: 'binary', dimensions: null }, candidates: CANDIDATES },
    { name: 'subvector:512', type: 'vector', form: { name: 'subvector', dimensions: 512 }, candidates: CANDIDATES },
  ];
}

async function fill(client: pg.Client, rows: number, queries: number, dimensions: number): Promise<void> {
  await client.query(`CREATE TABLE item (id bigint PRIMARY KEY, vector public.vector(${dimensions}), halfvec public.halfvec(${dimensions}));
    CREATE TABLE query (id bigint PRIMARY KEY, vector public.vector(${dimensions}), found bigint[])`);
  const { rows: types } = await client.query<{ oid: number }>("SELECT 'vector'::regtype::oid::integer AS oid");
  const next = createVectors(dimensions, 7);
  const insert = async (sql: string, count: number) => {
    for (let at = 0; at < count; at += ROWS_AT_ONCE)
      await client.query(sql, [at, asParameter(next, Math.min(ROWS_AT_ONCE, count - at), types[0]?.oid ?? 0)]);
  };
  await insert('INSERT INTO item SELECT $1::bigint + n, v, v FROM unnest($2::vector[]) WITH ORDINALITY AS t(v, n)', rows);
  await insert('INSERT INTO query SELECT $1::bigint + n, v FROM unnest($2::vector[]) WITH ORDINALITY AS t(v, n)', queries);
  await client.query('VACUUM ANALYZE item');
  await client.query(`UPDATE query AS q SET found = ARRAY(SELECT i.id FROM item AS i ORDER BY i.vector <=> q.vector LIMIT ${NEAREST})`);
}

async function measure(client: pg.Client, { name, type, form, candidates }: Kind, dimensions: number): Promise<Figures> {
  const key = formKey(form, `i.${type}`, type, dimensions, 'public');
  const startedAt = performance.now();
  await client.query(
    `CREATE INDEX item_idx ON item USING hnsw (${formKey(form, type, type, dimensions, 'public')} public.${formClass(form, type, 'cosine')})`,
  );
  const buildSeconds = (performance.now() - startedAt) / 1000;
  const size = await client.query<{ bytes: number }>("SELECT pg_relation_size('item_idx')::float8 AS bytes");
  const searches: Figures['searches'] = [];
  await client.query('SET enable_seqscan = off; SET enable_sort = off');
  for (const count of candidates) {
    await client.query(`SET hnsw.ef_search = ${Math.max(EF_SEARCH, count)}`);
    // As in sql/target/nearest_candidates.sql.
    const query = formKey(form, '$1', type, dimensions, 'public');
    const sql = `SELECT n.id FROM (SELECT i.id, i.${type} AS vector FROM item AS i ORDER BY ${key} ${form.name === 'binary' ? '<~>' : '<=>'} ${query} LIMIT ${count}) AS n
                  ORDER BY n.vector <=> $1::${type} LIMIT ${NEAREST}`;
    const asked = await client.query<{ vector: string; found: string[] }>('SELECT vector::text AS vector, found FROM query ORDER BY id');
    let found = 0;
    const times: number[] = [];
    for (const { vector, found: exact } of asked.rows) {
      await client.query(sql, [vector]);
      const at = performance.now();
      const { rows } = await client.query<{ id: string }>(sql, [vector]);
      times.push(performance.now() - at);
      found += rows.filter(({ id }) => exact.includes(id)).length;
    }
    times.sort((a, b) => a - b);
    searches.push({
      candidates: count,
      recall: found / (asked.rows.length * NEAREST),
      milliseconds: times[Math.floor(times.length / 2)] ?? Number.NaN,
    });
  }
  await client.query('RESET enable_seqscan; RESET enable_sort; DROP INDEX item_idx');
  return { kind: name, buildSeconds, indexBytes: size.rows[0]?.bytes ?? 0, searches };
}

function tableOf(figures: Figures[]): string {
  return tableText(
    ['index', 'build s', 'MB', 'candidates', `recall@${NEAREST}`, 'ms a search'],
    figures.flatMap(({ kind, buildSeconds, indexBytes, searches }) =>
      searches.map(({ candidates, recall, milliseconds }, i) => [
        ...(i === 0 ? [kind, buildSeconds.toFixed(1), (indexBytes / 2 ** 20).toFixed(0)] : ['', '', '']),
        ...[searches.length === 1 ? '' : candidates, recall.toFixed(3), milliseconds.toFixed(1)],
      ]),
    ),
  );
}
