import test from 'ava';
import { NEW_MODEL, OLD_MODEL, wrongRows } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createNinetyRows, failedRows, lockTwo, REFUSING_RULES, trigger, withoutTrigger } from './harness/refusing-rules.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.beforeEach(() => {
  stage.provider.requests.length = 0;
});
test.after.always(() => stage?.close());

const sql = (text: string, values: unknown[] = []) => stage.db.pool.query(text, values);

const createTable = (table: string, type?: string) => createNinetyRows(stage.db.pool, table, type);
const failed = (table: string) => failedRows(stage.db.pool, table);

const health = async (table: string) =>
  (await sql('SELECT reason FROM reembed.health WHERE target = $1 ORDER BY 1', [`public.${table}.embedding`])).rows
    .map(({ reason }) => reason as string)
    .join('\n');

const conditions = async (campaign: string) =>
  (await sql('SELECT code FROM reembed.index_gate($1)', [campaign])).rows.map(({ code }) => code as string);

let tables = 0;
for (const [name, given] of Object.entries(REFUSING_RULES)) {
  for (const moment of ['backfill', 'changed rows'] as const) {
    test.serial(`a rule that ${name}, ${moment}: the rows are recorded with the reason, and all others are stored`, async (t) => {
      const table = `ruled_${++tables}`;
      await createTable(table);
      if (moment === 'backfill') await sql(lockTwo(table));
      const campaign = await stage.draft({ table, storage: 'column' });
      await stage.bring(campaign, 'backfill');
      if (moment === 'changed rows') {
        await stage.work();
        await sql(`${lockTwo(table)}; UPDATE ${table} SET content = 'changed ' || id WHERE id IN (6, 8, 61)`);
      }
      await sql(given.break(table));
      await stage.work();
      // The vectors of both models are stored at the same time: a row that one of them holds is left for the other's next pass, as a worker makes it.
      if (moment === 'changed rows') await stage.work();

      const rows = await failed(table);
      // Changed rows lack the vectors of both models.
      const models = moment === 'backfill' ? [NEW_MODEL] : [NEW_MODEL, OLD_MODEL];
      t.deepEqual(
        rows.map(({ id, model, class: reason }) => [id, model, reason]),
        models.flatMap((model) => ['7', '60'].map((id) => [id, model, given.class])),
      );
      for (const row of rows) {
        t.regex(row.message, given.message);
        t.notRegex(row.message, /locked/);
        if (given.words) t.regex(row.words ?? '', given.words);
        else t.is(row.words, null);
      }
      t.deepEqual(await wrongRows(stage.db.pool, { table, newColumn: 'embedding_v2' }), ['60 new', '7 new']);
      t.regex(await health(table), new RegExp(`2 rows failed with ${given.class}, the first with key {"id": (7|60)}; .*npm run retry`));

      t.deepEqual(await conditions(campaign), ['failed_rows']);
      await sql('UPDATE reembed.setting SET max_failed_rows = 2 WHERE target = $1', [`public.${table}.embedding`]);
      const asked = stage.provider.requests.length;
      t.deepEqual(await conditions(campaign), []);
      await stage.work();
      t.is(stage.provider.requests.length, asked, 'rows on record are not embedded again');

      await sql(given.repair(table));
      await sql('SELECT reembed.retry_failed($1)', [table]);
      await stage.work();
      t.deepEqual(await failed(table), []);
      t.deepEqual(await wrongRows(stage.db.pool, { table, newColumn: 'embedding_v2' }), []);
    });
  }
}

for (const storage of ['column', 'side-table'] as const) {
  for (const moment of ['backfill', 'changed rows'] as const) {
    test.serial(`a vector that halfvec cannot hold, ${storage}, ${moment}: its row is recorded, and all others are stored`, async (t) => {
      const table = `narrow_${++tables}`;
      await createTable(table, 'halfvec');
      if (moment === 'backfill') await sql(lockTwo(table));
      const campaign = await stage.draft({ table, storage });
      await stage.bring(campaign, 'backfill');
      if (moment === 'changed rows') {
        await stage.work();
        await sql(lockTwo(table));
      }
      stage.provider.script = ({ input, model }) => ({
        vectors: input.map((text) => {
          const vector = vectorOf(model, text, model === NEW_MODEL ? 24 : 16);
          // 65519 is rounded to 65504, the largest value of halfvec.
          vector[3] = text === 'locked 7' ? -65520 : 65519;
          return vector;
        }),
      });
      await stage.work();
      stage.provider.script = () => undefined;
      const rows = await failed(table);
      t.deepEqual(
        rows.map(({ id, model, class: reason }) => [id, model, reason]),
        (moment === 'backfill' ? [NEW_MODEL] : [NEW_MODEL, OLD_MODEL]).map((model) => ['7', model, 'out_of_range']),
      );
      t.regex(await health(table), /1 row failed with out_of_range, the first with key {"id": 7}; its vector does not fit/);
      const { rows: covered } = await sql('SELECT total, missing FROM reembed.coverage($1, $2)', [`public.${table}.embedding`, NEW_MODEL]);
      t.deepEqual(covered, [{ total: '90', missing: '1' }]);
      await sql('UPDATE reembed.setting SET max_failed_rows = 1 WHERE target = $1', [`public.${table}.embedding`]);
      t.deepEqual(await conditions(campaign), []);
      await sql('SELECT reembed.retry_failed($1)', [table]);
      await stage.work();
      t.deepEqual(await failed(table), []);
    });
  }
}

test.serial('a row whose update is suppressed is recorded, not embedded for ever', async (t) => {
  const table = `suppressed_${++tables}`;
  await createTable(table);
  const campaign = await stage.draft({ table, storage: 'column' });
  await stage.bring(campaign, 'backfill');
  await sql(trigger(table, 'BEFORE UPDATE', 'IF NEW.id = 7 THEN RETURN NULL; END IF;'));
  for (let i = 0; i < 3; i++) {
    await stage.work();
    await conditions(campaign);
  }
  t.deepEqual(
    (await failed(table)).map(({ id, class: reason }) => [id, reason]),
    [['7', 'write_skipped']],
  );
  t.is(stage.provider.requests.flatMap(({ input }) => input).filter((text) => text === 'river stone number 7').length, 1);
});

for (const [name, body, reason] of [
  ['raises', "RAISE EXCEPTION 'read-only for the audit';", 'row_refused'],
  ['suppresses the write', 'RETURN NULL;', 'write_skipped'],
] as const) {
  test.serial(
    `a trigger that ${name} for every row pauses the campaign after twenty, and what is recorded goes on after the repair`,
    async (t) => {
      const table = `closed_${++tables}`;
      const target = `public.${table}.embedding`;
      await createTable(table);
      const campaign = await stage.draft({ table, storage: 'column' });
      await stage.bring(campaign, 'backfill');
      await sql(trigger(table, 'BEFORE UPDATE', body));
      await stage.work().catch(() => {});
      t.is((await failed(table)).length, 20);
      const { rows } = await sql('SELECT paused_by, paused_reason FROM reembed.setting WHERE target = $1', [target]);
      t.is(rows[0].paused_by, 'breaker');
      t.regex(rows[0].paused_reason, new RegExp(`^20 rows failed in a short time with ${reason}, the first {"id": \\d+}`));

      await sql(withoutTrigger(table));
      await sql('UPDATE reembed.setting SET paused = false WHERE target = $1', [target]);
      await sql('SELECT reembed.retry_failed($1)', [table]);
      await stage.work();
      t.deepEqual(await wrongRows(stage.db.pool, { table, newColumn: 'embedding_v2' }), []);
    },
  );
}

test.serial('a missing privilege in a trigger stops the batch and blames no row', async (t) => {
  const table = `barred_${++tables}`;
  await createTable(table);
  const campaign = await stage.draft({ table, storage: 'column' });
  await stage.bring(campaign, 'backfill');
  await sql(trigger(table, 'BEFORE UPDATE', "RAISE EXCEPTION 'permission denied' USING ERRCODE = '42501';"));
  await t.throwsAsync(stage.work(), { message: /permission denied/ });
  t.deepEqual(await failed(table), []);
  await sql(withoutTrigger(table));
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, { table, newColumn: 'embedding_v2' }), []);
});

test.serial('a row without text and without a vector is not written, so no rule refuses it', async (t) => {
  const table = `empty_${++tables}`;
  await createTable(table);
  await sql(`UPDATE ${table} SET content = NULL, embedding = NULL WHERE id = 7`);
  const campaign = await stage.draft({ table, storage: 'column' });
  await stage.bring(campaign, 'backfill');
  await stage.work();
  await sql(`UPDATE ${table} SET content = '  ' WHERE id = 7`);
  await sql(trigger(table, 'BEFORE UPDATE', 'IF NEW.id = 7 THEN RETURN NULL; END IF;'));
  await stage.work();
  t.deepEqual(await failed(table), []);
});
