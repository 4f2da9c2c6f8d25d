import { makeHostile } from './hostile-rows.ts';
import { createJoinedTables, firstChapterOf, KEYS_FROM, PASSAGE, textOf, textOptions } from './joined-tables.ts';
import { DIMENSIONS, NEW_MODEL, OLD_MODEL, POISON, POISONS, TABLE, textFor, vectorText, type World } from './world.ts';

const ACCEPTED = ['--accept', 'triggers-fire,violated-constraints', '--reason', 'the storm wants them'];
const ROWS_TOGETHER = 2000;

/** Creates the tables of the application, fills them, and brings the campaign to the backfill. */
export async function prepare(world: World): Promise<void> {
  const { options, pool } = world;
  await createTable(world);
  await createJoinedTables(world);
  const draw = world.draw('rows');
  const ids = Array.from({ length: options.rows }, (_, i) => i + 1);
  for (let at = 0; at < ids.length; at += ROWS_TOGETHER) {
    const some = ids.slice(at, at + ROWS_TOGETHER);
    await insertRows(
      world,
      some,
      some.map((id) => `${poisonOf(world, id)}${textFor(draw, `row ${id}`)}`),
    );
  }
  await pool.query(`CREATE INDEX ${TABLE}_embedding_idx ON ${TABLE} USING hnsw (embedding vector_cosine_ops)`);
  if (options.hostile) await makeHostile(world);
  const model = ['--to', NEW_MODEL, '--dimensions', String(DIMENSIONS), '--from', OLD_MODEL];
  const created = await world.workplace.run([
    ...['migrate', 'create', '--table', TABLE, ...textOptions(world), '--column', 'embedding'],
    ...[...model, '--batch-rows', '200', '--storage', options.storage],
    ...(options.hostile && options.storage === 'column' ? ACCEPTED : []),
  ]);
  if (created.code !== 0) throw new Error(created.stderr);
  // Tables, views and triggers must exist before the first writer starts: otherwise writes that were never captured
  // would look like lost ones.
  const up = await world.workplace.run(['migrate', 'up']);
  if (up.code !== 3) throw new Error(up.stderr);
  // The models of a storm have nothing in common, and poisoned rows have no vector.
  await pool.query("UPDATE reembed.setting SET min_index_recall = 0, max_failed_rows = 1000000, soak = '1 hour'");
}

async function createTable({ pool, options }: World): Promise<void> {
  await pool.query(
    `CREATE TABLE ${TABLE} (id bigint PRIMARY KEY, ${options.joins > 0 ? 'passage_id bigint' : 'content text'}, title text NOT NULL,
       views integer NOT NULL DEFAULT 0, embedding vector(${DIMENSIONS}))${options.partitions > 0 ? ' PARTITION BY HASH (id)' : ''}`,
  );
  // A row whose key changes moves to another partition.
  for (let i = 0; i < options.partitions; i++) {
    await pool.query(`CREATE TABLE ${TABLE}_${i} PARTITION OF ${TABLE} FOR VALUES WITH (MODULUS ${options.partitions}, REMAINDER ${i})`);
  }
}

async function insertRows(world: World, ids: number[], contents: string[]): Promise<void> {
  const { journal, options, pool } = world;
  const vectors = () => ids.map((id) => vectorText(OLD_MODEL, textOf(world, id) ?? ''));
  if (options.joins === 0) {
    for (const [i, id] of ids.entries()) journal.set(id, { content: contents[i] ?? null, title: 'first' });
    await pool.query(
      `INSERT INTO ${TABLE} (id, content, title, embedding) SELECT id, content, 'first', embedding FROM unnest($1::bigint[], $2::text[], $3::vector[]) AS row(id, content, embedding)`,
      [ids, contents, vectors()],
    );
    return;
  }
  const passages = ids.map((id) => KEYS_FROM[PASSAGE] + id);
  const chapters = ids.map((id) => firstChapterOf(world, id));
  for (const [i, id] of ids.entries()) {
    journal.set(id, { content: null, title: 'first', refersTo: passages[i] ?? null });
    journal.set(KEYS_FROM[PASSAGE] + id, { content: contents[i] ?? null, title: '', refersTo: chapters[i] ?? null });
  }
  const headings = new Map(chapters.flatMap((chapter) => (chapter === null ? [] : [[chapter, `chapter ${chapter % KEYS_FROM[PASSAGE]}`]])));
  for (const [chapter, heading] of headings) journal.set(chapter, { content: heading, title: '' });
  if (options.joins === 2)
    await pool.query('INSERT INTO chapter (id, heading) SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING', [
      [...headings.keys()],
      [...headings.values()],
    ]);
  await pool.query('INSERT INTO passage (id, chapter_id, body) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])', [
    passages,
    chapters,
    contents,
  ]);
  await pool.query(
    `INSERT INTO ${TABLE} (id, passage_id, title, embedding) SELECT id, passage, 'first', embedding FROM unnest($1::bigint[], $2::bigint[], $3::vector[]) AS row(id, passage, embedding)`,
    [ids, passages, vectors()],
  );
}

/** Poison in a few of the first rows, so that the backfill meets it as well. */
function poisonOf({ options }: World, id: number): string {
  return options.hostile && id % 1000 === 1 ? `${POISON} ${POISONS[Math.floor(id / 1000) % POISONS.length]} ` : '';
}
