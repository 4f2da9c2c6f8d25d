import test from 'ava';
import { NEW_DIMENSIONS, NEW_MODEL, OLD_MODEL } from './harness/documents.ts';
import { createCollections } from './harness/parts.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage({ 'other-model': 8 });
});
test.after.always(() => stage.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);
const partOf = (table: string) => ({ table, part: 'a', where: "collection = 'a'" });

test.serial('create and the gate name before contract what a clause that may fail and rows without a text mean for it', async (t) => {
  await createCollections(stage.db.pool, 'numbered', 40);
  await sql("ALTER TABLE numbered ADD COLUMN n integer; UPDATE numbered SET n = CASE WHEN collection = 'a' THEN 2 ELSE 3 END");
  await sql('UPDATE numbered SET content = NULL WHERE id < 4');
  const made = await stage.workplace.run([
    ...['migrate', 'create', '--table', 'numbered', '--column', 'embedding', '--part', 'a', '--where', '10 / n = 5'],
    ...['--text', 'content', '--from', OLD_MODEL, '--to', NEW_MODEL, '--dimensions', String(NEW_DIMENSIONS), '--dry-run', '--json'],
  ]);
  t.is(made.code, 0, made.stderr);
  const found = (wanted: string) => JSON.parse(made.stdout).inventory.find(({ code }: { code: string }) => code === wanted);
  t.like(found('clause-may-fail'), { severity: 'harm', before: 'contract' });
  t.like(found('rows-without-text'), { severity: 'harm', before: 'contract', evidence: { rows: 2 } }, 'of the part alone');
  const campaign = await stage.draft({ ...partOf('numbered'), where: '10 / n = 5' });
  await stage.bring(campaign, 'switch');
  await sql("UPDATE reembed.setting SET soak = '0'");
  const open = async () =>
    (await sql("SELECT code, condition FROM reembed.open_conditions($1, 'contract') WHERE code = 'clause-may-fail'", [campaign])).rows;
  t.regex((await open())[0]?.condition, /calls .*int4div.*: a write of a row on which that fails would fail/);
  const write = () => sql("INSERT INTO numbered VALUES (1000, 'b', 'fails', NULL, 0)");
  await t.notThrowsAsync(write, 'until then no write fails');
  await sql('DELETE FROM numbered WHERE id = 1000');
  await sql("SELECT reembed.accept($1, 'clause-may-fail', 'no n is 0')", [campaign]);
  t.deepEqual(await open(), []);
  await stage.bring(campaign, 'contract');
  await t.throwsAsync(write, { code: '22012' }, 'what was accepted');
  await stage.bring(campaign, 'none');
  await sql('DROP TABLE numbered');
});

test.serial('the gate names what keeps the new vectors out of the column', async (t) => {
  await createCollections(stage.db.pool, 'mixed', 40);
  await sql(`CREATE TABLE gated AS SELECT * FROM mixed WHERE collection = 'a'; ALTER TABLE gated ADD PRIMARY KEY (id); DROP TABLE mixed;
    CREATE INDEX gated_all ON gated USING hnsw ((embedding::vector(16)) vector_cosine_ops)`);
  const campaign = await stage.draft(partOf('gated'));
  await stage.bring(campaign, 'switch');
  await sql("UPDATE reembed.setting SET soak = '0'");
  const open = async () =>
    (
      await sql("SELECT code, condition FROM reembed.open_conditions($1, 'contract') WHERE code <> 'unknown-readers' ORDER BY 1", [
        campaign,
      ])
    ).rows as {
      code: string;
      condition: string;
    }[];
  t.deepEqual(await open(), [
    {
      code: 'index_of_other_rows',
      condition: `index gated_all also holds other rows, and takes no vectors of ${NEW_DIMENSIONS} dimensions`,
    },
  ]);
  await sql('DROP INDEX gated_all; ALTER TABLE gated ALTER COLUMN embedding SET NOT NULL');
  t.deepEqual(
    (await open()).map(({ code }) => code),
    ['column_not_null'],
  );
  await sql('ALTER TABLE gated ALTER COLUMN embedding DROP NOT NULL; CREATE VIEW of_side AS SELECT id FROM gated_a_new_model_vectors');
  t.deepEqual(
    (await open()).map(({ code }) => code),
    ['dependent_object'],
  );
  await sql('DROP VIEW of_side');
  t.deepEqual(await open(), []);
  await stage.bring(campaign, 'none');
  await sql('DROP TABLE gated');
});
