import test from 'ava';
import { storeMap } from './harness/bridge.ts';
import { createDocuments } from './harness/documents.ts';
import { createShelves } from './harness/partitions.ts';
import { createStage } from './harness/stage.ts';

/** Removes every comment, as `pg_dump --no-comments` and a restore do. */
const REMOVE_COMMENTS = `DO $$
  DECLARE v_statement text;
  BEGIN
    FOR v_statement IN
      SELECT format('COMMENT ON %s %s IS NULL', CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END, c.oid::regclass)
        FROM pg_class AS c WHERE c.relkind IN ('r', 'p', 'v', 'i') AND obj_description(c.oid, 'pg_class') LIKE 'pg-reembed:%'
      UNION ALL
      SELECT format('COMMENT ON FUNCTION %s IS NULL', p.oid::regprocedure) FROM pg_proc AS p WHERE obj_description(p.oid, 'pg_proc') LIKE 'pg-reembed:%'
      UNION ALL
      SELECT format('COMMENT ON SCHEMA %I IS NULL', n.nspname) FROM pg_namespace AS n WHERE obj_description(n.oid, 'pg_namespace') LIKE 'pg-reembed:%'
    LOOP
      EXECUTE v_statement;
    END LOOP;
  END $$`;

test('after a restore without comments, switch, rollback and contract go on, and nothing is left behind', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool } = stage.db;
  const searches = async () =>
    (
      await pool.query<{ name: string }>(
        "SELECT p.proname AS name FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname ~ '^reembed_' AND p.proname ~ '^(bridge|nearest)_' ORDER BY 1",
      )
    ).rows.map(({ name }) => name);
  await createShelves(pool, 40);
  await createDocuments(pool, 40);
  const shelves = await stage.draft({ table: 'shelves' });
  const documents = await stage.draft({ table: 'documents' });
  await stage.bring(documents, 'backfill');
  await storeMap(pool, documents);
  await pool.query('SELECT reembed.replace_bridge($1)', [documents]);
  await stage.bring(shelves, 'switch');
  await pool.query(REMOVE_COMMENTS);

  await stage.bring(shelves, 'index');
  t.is((await pool.query("SELECT reembed.active_model('shelves') AS model")).rows[0]?.model, 'old-model');
  await stage.bring(shelves, 'contract');
  await stage.bring(documents, 'contract');
  t.deepEqual(await searches(), ['nearest_shelves', 'nearest_shelves_new_model']);
  await stage.bring(documents, 'none');
  await stage.bring(shelves, 'none');
  t.deepEqual(await searches(), []);
  t.deepEqual((await pool.query("SELECT nspname FROM pg_namespace WHERE nspname ~ '^reembed_' AND nspname <> 'reembed_queue'")).rows, []);
});
