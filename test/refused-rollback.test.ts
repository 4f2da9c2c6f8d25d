import test from 'ava';
import { OLD_MODEL, wrongRows } from './harness/documents.ts';
import { createNinetyRows, failedRows, lockTwo, REFUSING_RULES, type RefusingRule } from './harness/refusing-rules.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage?.close());

const sql = (text: string, values: unknown[] = []) => stage.db.pool.query(text, values);
const createTable = (table: string) => createNinetyRows(stage.db.pool, table);
const failed = (table: string) => failedRows(stage.db.pool, table);

let tables = 0;

test.serial('a rollback of contract restores all rows that are not refused', async (t) => {
  for (const name of ['check', 'skips the update']) {
    const given = REFUSING_RULES[name] as RefusingRule;
    const table = `restored_${++tables}`;
    await createTable(table);
    await sql(lockTwo(table));
    const campaign = await stage.draft({ table, storage: 'column' });
    await stage.bring(campaign, 'contract');
    await sql(given.break(table));
    await stage.bring(campaign, 'switch');
    const { rows } = await sql(`SELECT id::int FROM ${table} WHERE embedding IS NULL ORDER BY 1`);
    t.deepEqual(rows, [{ id: 7 }, { id: 60 }]);
    const recorded = await failed(table);
    t.deepEqual(
      recorded.map(({ id, model, class: reason }) => [id, model, reason]),
      ['7', '60'].map((id) => [id, OLD_MODEL, given.class]),
    );
    t.regex(recorded[0]?.words ?? '', given.words ?? /^$/);
    await sql(given.repair(table));
    await sql('SELECT reembed.retry_failed($1)', [table]);
    await stage.work();
    t.deepEqual(await wrongRows(stage.db.pool, { table, oldColumn: 'embedding' }), []);
  }
});

for (const name of ['raises', 'skips the update']) {
  test.serial(`a rule that ${name} for every row stops a rollback of contract, and the archive keeps the vectors`, async (t) => {
    const given = REFUSING_RULES[name] as RefusingRule;
    const table = `kept_${++tables}`;
    await createTable(table);
    await sql(`UPDATE ${table} SET content = 'locked ' || id`);
    const campaign = await stage.draft({ table, storage: 'column' });
    await stage.bring(campaign, 'contract');
    const { rows } = await sql('SELECT count(*)::int FROM reembed.failed_row WHERE target = $1', [`public.${table}.embedding`]);
    t.deepEqual(rows, [{ count: 0 }]);
    await sql(given.break(table));
    await t.throwsAsync(stage.bring(campaign, 'switch'), {
      message: name === 'raises' ? /the archive is closed/ : /suppresses the updates/,
    });
    t.true((await failed(table)).length <= 20);
    await sql(given.repair(table));
    await sql(`CALL reembed.restore_old_vectors('${campaign}')`);
    t.is((await sql(`SELECT FROM ${table} WHERE embedding IS NULL`)).rowCount, (await failed(table)).length);
  });
}
