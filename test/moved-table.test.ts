import test from 'ava';
import { createDocuments, NEW_MODEL, OLD_MODEL, wrongRows } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

const read = async ({ db }: Stage) => (await db.pool.query('SELECT DISTINCT embedding_model AS model FROM public.documents_live')).rows;
const viewsElsewhere = async ({ db }: Stage) =>
  (await db.pool.query("SELECT FROM pg_class WHERE relnamespace = 'elsewhere'::regnamespace AND relkind = 'v'")).rowCount;
const damage = async ({ db }: Stage) => (await db.pool.query('SELECT code, damage FROM reembed.damage')).rows;

for (const [how, move] of [
  ['alone', ['ALTER TABLE documents SET SCHEMA elsewhere']],
  [
    'between unhook and rehook',
    ["SELECT reembed.unhook('documents')", 'ALTER TABLE documents SET SCHEMA elsewhere', "SELECT reembed.rehook('elsewhere.documents')"],
  ],
] as const) {
  test(`a table that was moved to another schema, ${how}, is searched and switched through the views where they were, forward, back and forward`, async (t) => {
    const stage = await createStage();
    t.teardown(stage.close);
    await createDocuments(stage.db.pool, 60);
    const campaign = await stage.createUsual();
    await stage.bring(campaign, 'index');
    await stage.db.pool.query(['BEGIN', 'CREATE SCHEMA elsewhere', ...move, 'COMMIT'].join('; '));
    t.deepEqual(await damage(stage), []);
    t.deepEqual(await read(stage), [{ model: OLD_MODEL }]);
    for (const [phase, model] of [
      ['switch', NEW_MODEL],
      ['index', OLD_MODEL],
      ['contract', NEW_MODEL],
      ['index', OLD_MODEL],
      ['contract', NEW_MODEL],
    ] as const) {
      await stage.bring(campaign, phase);
      t.deepEqual(await read(stage), [{ model }], phase);
    }
    t.is(await viewsElsewhere(stage), 0);
    await stage.db.pool.query("UPDATE elsewhere.documents SET content = 'changed' WHERE id < 10");
    await stage.work();
    t.deepEqual(await wrongRows(stage.db.pool, { table: 'elsewhere.documents', newColumn: 'embedding' }), []);
    await stage.bring(campaign, 'expand');
    await stage.down(1);
    t.is((await stage.db.pool.query("SELECT FROM pg_class WHERE relkind = 'v' AND relname ~ '^documents'")).rowCount, 0);
  });
}
