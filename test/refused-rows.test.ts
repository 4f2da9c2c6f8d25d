import test from 'ava';
import { NEW_MODEL, OLD_MODEL, wrongRows } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.beforeEach(() => {
  stage.provider.requests.length = 0;
});
test.after.always(() => stage.close());

interface Case {
  /** what makes the table refuse the writes of rows 7 and 60 */
  break: (table: string) => string;
  repair: (table: string) => string;
  class: string;
  message: RegExp;
  words?: RegExp;
}

/** A trigger that calls a function of this body. */
const trigger = (table: string, when: string, body: string) => `
  CREATE FUNCTION ${table}_rule() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN NEW; END $$;
  CREATE ${when.startsWith('CONSTRAINT') ? when.replace('TRIGGER', `TRIGGER ${table}_guard`) : `TRIGGER ${table}_guard ${when}`} ON ${table}
    ${when.startsWith('CONSTRAINT') ? 'DEFERRABLE INITIALLY DEFERRED' : ''} FOR EACH ROW EXECUTE FUNCTION ${table}_rule()`;
const withoutTrigger = (table: string) =>
  `SET client_min_messages = warning; DROP FUNCTION ${table}_rule() CASCADE; RESET client_min_messages`;
const ONLY = "NEW.content LIKE 'locked %'";

const CASES: Record<string, Case> = {
  check: {
    break: (table) => `ALTER TABLE ${table} ADD CONSTRAINT is_open CHECK (content NOT LIKE 'locked %') NOT VALID`,
    repair: (table) => `ALTER TABLE ${table} DROP CONSTRAINT is_open`,
    class: 'row_refused',
    message: /^PostgreSQL refuses the row \(SQLSTATE 23514, table \w+, constraint is_open\)$/,
    words: /Failing row contains \(7?6?0?, locked/,
  },
  raises: {
    break: (table) =>
      trigger(table, 'BEFORE UPDATE', `IF ${ONLY} THEN RAISE EXCEPTION 'the archive is closed' USING DETAIL = NEW.content; END IF;`),
    repair: withoutTrigger,
    class: 'row_refused',
    message: /^PostgreSQL refuses the row \(SQLSTATE P0001, trigger \w+_guard\)$/,
    words: /the archive is closed; locked/,
  },
  'raises afterwards': {
    break: (table) => trigger(table, 'AFTER UPDATE', `IF ${ONLY} THEN RAISE EXCEPTION 'not this one' USING ERRCODE = 'U0001'; END IF;`),
    repair: withoutTrigger,
    class: 'row_refused',
    message: /SQLSTATE U0001, trigger \w+_guard/,
    words: /not this one/,
  },
  'raises at the commit': {
    break: (table) => trigger(table, 'CONSTRAINT TRIGGER AFTER UPDATE', `IF ${ONLY} THEN RAISE EXCEPTION 'too late'; END IF;`),
    repair: withoutTrigger,
    class: 'row_refused',
    message: /SQLSTATE P0001/,
    words: /too late/,
  },
  'skips the update': {
    break: (table) => trigger(table, 'BEFORE UPDATE', `IF ${ONLY} THEN RETURN NULL; END IF;`),
    repair: withoutTrigger,
    class: 'write_skipped',
    message: /a trigger or a policy of its table suppressed or reverted it/,
  },
  'reverts the update': {
    break: (table) => trigger(table, 'BEFORE UPDATE', `IF ${ONLY} THEN RETURN OLD; END IF;`),
    repair: withoutTrigger,
    class: 'write_skipped',
    message: /a trigger or a policy of its table suppressed or reverted it/,
  },
  'breaks a unique index': {
    break: (table) => `
      ALTER TABLE ${table} ADD COLUMN slug text; UPDATE ${table} SET slug = id; UPDATE ${table} SET slug = 'Taken' WHERE id = 9;
      CREATE UNIQUE INDEX ${table}_slug ON ${table} (lower(slug));
      ${trigger(table, 'BEFORE UPDATE', `IF ${ONLY} THEN NEW.slug := 'taken'; END IF;`)}`,
    repair: withoutTrigger,
    class: 'row_refused',
    message: /SQLSTATE 23505, table \w+, constraint \w+_slug/,
    words: /Key \(lower\(slug\)\)=\(taken\) already exists/,
  },
  'breaks an exclusion constraint': {
    break: (table) => `
      ALTER TABLE ${table} ADD COLUMN span int4range; UPDATE ${table} SET span = int4range(id::int, id::int + 1);
      ALTER TABLE ${table} ADD CONSTRAINT ${table}_apart EXCLUDE USING gist (span WITH &&);
      ${trigger(table, 'BEFORE UPDATE', `IF ${ONLY} THEN NEW.span := '[1,5)'; END IF;`)}`,
    repair: withoutTrigger,
    class: 'row_refused',
    message: /SQLSTATE 23P01, table \w+, constraint \w+_apart/,
    words: /conflicts with existing key/,
  },
  'out of range for a column': {
    break: (table) => `
      ALTER TABLE ${table} ADD COLUMN small smallint;
      ${trigger(table, 'BEFORE UPDATE', `IF ${ONLY} THEN NEW.small := 40000; END IF;`)}`,
    repair: withoutTrigger,
    class: 'row_refused',
    message: /SQLSTATE 22003, trigger \w+_guard/,
    words: /smallint out of range/,
  },
};

const sql = (text: string, values: unknown[] = []) => stage.db.pool.query(text, values);
const LOCK = (table: string) => `UPDATE ${table} SET content = 'locked ' || id WHERE id IN (7, 60)`;

async function createTable(table: string, type = 'vector'): Promise<void> {
  await sql(`CREATE TABLE ${table} (id bigint PRIMARY KEY, content text, embedding ${type}(16));
             INSERT INTO ${table} (id, content) SELECT g, 'river stone number ' || g FROM generate_series(1, 90) AS g`);
  await sql(`UPDATE ${table} AS d SET embedding = i.v::${type} FROM unnest($1::bigint[], $2::vector[]) AS i(id, v) WHERE d.id = i.id`, [
    Array.from({ length: 90 }, (_, i) => i + 1),
    Array.from({ length: 90 }, (_, i) => JSON.stringify([...vectorOf(OLD_MODEL, `river stone number ${i + 1}`, 16)])),
  ]);
}

const failed = async (table: string) =>
  (
    await sql(
      "SELECT key ->> 'id' AS id, model, class, message, words FROM reembed.failed_row WHERE target = $1 ORDER BY model, (key ->> 'id')::int",
      [`public.${table}.embedding`],
    )
  ).rows as { id: string; model: string; class: string; message: string; words: string | null }[];

const health = async (table: string) =>
  (await sql('SELECT reason FROM reembed.health WHERE target = $1 ORDER BY 1', [`public.${table}.embedding`])).rows
    .map(({ reason }) => reason as string)
    .join('\n');

const conditions = async (campaign: string) =>
  (await sql('SELECT code FROM reembed.index_gate($1)', [campaign])).rows.map(({ code }) => code as string);

let tables = 0;
for (const [name, given] of Object.entries(CASES)) {
  for (const moment of ['backfill', 'changed rows'] as const) {
    test.serial(`a rule that ${name}, ${moment}: the rows are recorded with the reason, and all others are stored`, async (t) => {
      const table = `ruled_${++tables}`;
      await createTable(table);
      if (moment === 'backfill') await sql(LOCK(table));
      const campaign = await stage.draft({ table, storage: 'column' });
      await stage.bring(campaign, 'backfill');
      if (moment === 'changed rows') {
        await stage.work();
        await sql(`${LOCK(table)}; UPDATE ${table} SET content = 'changed ' || id WHERE id IN (6, 8, 61)`);
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
      if (moment === 'backfill') await sql(LOCK(table));
      const campaign = await stage.draft({ table, storage });
      await stage.bring(campaign, 'backfill');
      if (moment === 'changed rows') {
        await stage.work();
        await sql(LOCK(table));
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

test.serial('a rollback of contract restores all rows that are not refused', async (t) => {
  for (const name of ['check', 'skips the update']) {
    const given = CASES[name] as Case;
    const table = `restored_${++tables}`;
    await createTable(table);
    await sql(LOCK(table));
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
    const given = CASES[name] as Case;
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
