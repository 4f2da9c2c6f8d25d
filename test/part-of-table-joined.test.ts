import test from 'ava';
import { fits, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage.close());

const ROWS = 80;
/** refuses its update halfway */
const HALFWAY = 40;

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);

/** Rows of two collections, each with a key of two columns, whose text is that of a passage. */
async function createShelf(): Promise<void> {
  await sql(`CREATE TABLE passage (id integer PRIMARY KEY, body text);
    CREATE TABLE shelf (tenant integer, code text, passage_id integer, collection text, embedding vector, PRIMARY KEY (tenant, code));
    CREATE INDEX ON shelf (passage_id)`);
  const ids = Array.from({ length: ROWS }, (_, i) => i + 1);
  await sql('INSERT INTO passage SELECT * FROM unnest($1::integer[], $2::text[])', [ids, ids.map(textOf)]);
  await sql(
    `INSERT INTO shelf SELECT i % 3, 'code ' || i, i, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END, v FROM unnest($1::integer[], $2::vector[]) AS u(i, v) ORDER BY i`,
    [ids, ids.map((i) => vectorText(vectorOf(OLD_MODEL, textOf(i), OLD_DIMENSIONS)))],
  );
}

/** Rows of collection a whose vector is missing, or not that of the present text, or left over. */
async function wrong(source: 'column' | 'side table', model: string, dimensions: number): Promise<string[]> {
  const vectors =
    source === 'column' ? 'SELECT tenant, code, embedding FROM shelf' : 'SELECT tenant, code, embedding FROM shelf_a_new_model_vectors';
  const { rows } = await sql(
    `SELECT code, p.body, v.embedding::text AS vector
       FROM (SELECT * FROM shelf WHERE collection = 'a') AS t LEFT JOIN passage AS p ON p.id = t.passage_id
       ${source === 'column' ? 'LEFT' : 'FULL'} JOIN (${vectors}) AS v USING (tenant, code) ORDER BY code`,
  );
  return rows.flatMap(({ code, body, vector }) => (fits(vector, model, body, dimensions) ? [] : [code as string]));
}
const wrongNew = (source: 'column' | 'side table') => wrong(source, NEW_MODEL, NEW_DIMENSIONS);
const wrongOld = () => wrong('column', OLD_MODEL, OLD_DIMENSIONS);

/** Every kind of write to both tables; each call writes to other rows, on both sides of the row that is refused. */
async function write(round: number): Promise<void> {
  for (const at of [0, HALFWAY].map((start) => start + 10 * round)) {
    await sql(`UPDATE passage SET body = 'another body ' || id WHERE id = ${at + 2}`);
    await sql(`UPDATE shelf SET passage_id = ${at + 3} WHERE passage_id = ${at + 4}`);
    await sql(`UPDATE shelf SET tenant = 7, code = 'moved ' || code WHERE passage_id = ${at + 6}`);
    await sql(`UPDATE shelf SET collection = CASE collection WHEN 'a' THEN 'b' ELSE 'a' END WHERE passage_id IN (${at + 7}, ${at + 8})`);
    await sql(`INSERT INTO shelf VALUES (1, 'late ${at}', ${1000 + at}, 'a', NULL)`);
    await sql(`INSERT INTO passage VALUES (${1000 + at}, 'came after its row ${at}')`);
  }
}

/** Makes the table refuse one row, so that what moves vectors ends in the middle. */
async function halfway(move: () => Promise<unknown>): Promise<unknown> {
  await sql(`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
    CREATE TRIGGER refuse BEFORE UPDATE ON shelf FOR EACH ROW
      WHEN (OLD.code = 'code ${HALFWAY}' AND vector_dims(NEW.embedding) <> vector_dims(OLD.embedding)) EXECUTE FUNCTION refuse()`);
  const failed = await move().catch((error: unknown) => error);
  await sql('DROP TRIGGER refuse ON shelf');
  return failed;
}

test.serial(
  'contract of a part with a key of two columns and texts of another table goes forward, back and forward again, and goes on after an interruption',
  async (t) => {
    await createShelf();
    const others = async () =>
      (await sql("SELECT ctid::text, xmin::text, s.* FROM shelf AS s WHERE code LIKE 'code %9' ORDER BY code")).rows;
    const untouched = await others();
    const campaign = await stage.draft({
      table: 'shelf',
      ...{ part: 'a', where: "collection = 'a'", textFrom: ['public.passage AS p ON p.id = t.passage_id'], text: ['p.body'] },
    });
    await stage.bring(campaign, 'switch');
    t.deepEqual([await wrongNew('side table'), await wrongOld()], [[], []]);

    t.regex(String(await halfway(() => stage.bring(campaign, 'contract'))), /shelf refuses the vector of row .*code 40/);
    await write(0);
    await stage.work();
    t.deepEqual(await wrongNew('side table'), [], 'searches go on in the side table');
    t.deepEqual((await stage.up()).waiting, []);
    await stage.work();
    t.deepEqual(await wrongNew('column'), []);
    await write(1);
    await stage.work();
    t.deepEqual(await wrongNew('column'), [], 'workers maintain the column');

    t.regex(String(await halfway(() => stage.down())), /shelf refuses the vector of row .*code 40/);
    await write(2);
    await stage.work();
    // Each vector is moved, and the move itself is logged and served.
    for (let i = 0; i < 4; i++) await sql("CALL reembed.move_vectors($1, 'from_archive')", [campaign]);
    await sql(`UPDATE passage SET body = 'changed after the vector was moved' WHERE id = ${HALFWAY}`);
    await stage.work();
    await stage.down();
    t.deepEqual(await wrongNew('side table'), [], 'the side table holds exactly the part again');
    await stage.work();
    t.deepEqual(await wrongOld(), [], 'the column has the old vectors of the present texts');
    await write(3);
    await stage.work();
    t.deepEqual([await wrongNew('side table'), await wrongOld()], [[], []], 'both models are maintained again');
    await stage.bring(campaign, 'contract');
    await stage.work();
    t.deepEqual(await wrongNew('column'), [], 'forward again');
    t.is((await sql('SELECT FROM reembed.change')).rowCount, 0);
    t.is((await sql('SELECT FROM reembed.damage')).rowCount, 0);
    t.deepEqual(await others(), untouched, 'rows of the other collection were not written');
    await stage.bring(campaign, 'none');
    t.is((await sql("SELECT FROM pg_trigger WHERE tgname LIKE 'zz_reembed%'")).rowCount, 0);
  },
);
