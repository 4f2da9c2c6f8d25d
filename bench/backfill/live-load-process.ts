import type pg from 'pg';
import { createDraw, type Draw } from '../../storm/draw.ts';
import { serve } from './child.ts';
import { connect } from './databases.ts';
import { createTexts, OLD_MODEL, TABLE } from './documents.ts';
import { LOAD_NAME, type LoadOptions, type LoadResult } from './live-load.ts';
import { type OpenLoop, type Operation, startOpenLoop } from './open-loop.ts';
import { createVectorSpace, type VectorSpace } from './vectors.ts';

// The application: searches and writes at a fixed rate while a contender fills the new vectors.

/** The calls that this process answers. */
export type LoadCalls = {
  connect(options: LoadOptions): Promise<void>;
  begin(nothing: undefined): void;
  end(nothing: undefined): Promise<LoadResult>;
};

const READERS = 4;
const WRITERS = 4;

let readers: pg.Client[] = [];
let writers: pg.Client[] = [];
let load: { options: LoadOptions; draw: Draw; space: VectorSpace; text: (id: number, version: number) => string } | undefined;
const touched = new Set<number>();
const versions = new Map<number, number>();
let lastRow = 0;
let writesBegun = 0;
let samples: LoadResult['samples'] = { reads: [], writes: [] };
let loops: { reads: OpenLoop; writes: OpenLoop } | undefined;

serve({
  async connect(options) {
    const { rows, dimensions, characters, seed } = options.table;
    load = {
      options,
      draw: createDraw(seed, 'application'),
      space: createVectorSpace(OLD_MODEL, dimensions, seed),
      text: createTexts(seed, characters),
    };
    lastRow = rows;
    const open = (count: number) => Promise.all(Array.from({ length: count }, () => connect(options.url, LOAD_NAME)));
    readers = await open(options.readsPerSecond > 0 ? READERS : 0);
    writers = await open(options.writesPerSecond > 0 ? WRITERS : 0);
    // Warm-up: creates plans and fills caches before the measurement.
    for (const client of readers) await search(client);
  },

  begin() {
    if (!load) throw new Error('not connected');
    const { readsPerSecond, writesPerSecond } = load.options;
    const taken: LoadResult['samples'] = { reads: [], writes: [] };
    samples = taken;
    loops = {
      reads: startOpenLoop(
        readsPerSecond,
        readers.map(
          (client): Operation =>
            () =>
              search(client),
        ),
        (microseconds) => taken.reads.push(microseconds),
      ),
      writes: startOpenLoop(
        writesPerSecond,
        writers.map(
          (client): Operation =>
            () =>
              write(client),
        ),
        (microseconds) => taken.writes.push(microseconds),
      ),
    };
  },

  async end() {
    if (!loops) throw new Error('not started');
    const [reads, writes] = await Promise.all([loops.reads.stop(), loops.writes.stop()]);
    // Otherwise the counters of these sessions would lag behind by some seconds.
    for (const client of [...readers, ...writers]) await client.query('SELECT pg_stat_force_next_flush()');
    return { reads, writes, touched: [...touched], samples };
  },
} satisfies LoadCalls);

async function search(client: pg.Client): Promise<void> {
  if (!load) return;
  const { options, draw, space } = load;
  // A query vector similar to rows of the table but equal to none.
  const vector = space.json(draw.between(1, options.table.rows), draw.between(1000, 2000));
  const { rowCount } = await client.query({ name: 'search', text: options.search, values: [vector] });
  if (rowCount === 0) throw new Error('a search found no row');
}

/** Of four writes, two change a text, one inserts a row and one changes another column. The application writes the old model's vectors. */
async function write(client: pg.Client): Promise<void> {
  if (!load) return;
  const { options, draw, space, text } = load;
  writesBegun += 1;
  if (writesBegun % 4 === 0) {
    const values = [draw.between(1, options.table.rows)];
    await client.query({ name: 'other', text: `UPDATE ${TABLE} SET views = views + 1 WHERE id = $1`, values });
    return;
  }
  const isNew = writesBegun % 4 === 2;
  if (isNew) lastRow += 1;
  const id = isNew ? lastRow : draw.between(1, options.table.rows);
  const version = isNew ? 0 : (versions.get(id) ?? 0) + 1;
  versions.set(id, version);
  touched.add(id);
  const values = [id, text(id, version), space.json(id, version)];
  if (isNew) await client.query({ name: 'insert', text: `INSERT INTO ${TABLE} (id, content, embedding) VALUES ($1, $2, $3)`, values });
  else await client.query({ name: 'text', text: `UPDATE ${TABLE} SET content = $2, embedding = $3 WHERE id = $1`, values });
}
