import test from 'ava';
import { isProbe } from './harness/campaign.ts';
import type { Storage } from './harness/ddl-cases.ts';
import { NEW_MODEL, wrongRows } from './harness/documents.ts';
import { newVector, STORAGES, sideTable, startFencedCampaign } from './harness/fenced-table.ts';
import type { SeenRequest } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage?.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);

/** Keeps every new vector with the text that its row had when it was stored. */
async function recordStored(table: string, storage: Storage): Promise<void> {
  const source = storage === 'column' ? table : sideTable(table);
  const vector = storage === 'column' ? 'embedding_v2' : 'embedding';
  await sql(`CREATE TABLE ${table}_stored (id bigint, content text, vector text);
    CREATE FUNCTION record_${table}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO public.${table}_stored SELECT NEW.id, t.content, NEW.${vector}::text FROM public.${table} AS t WHERE t.id = NEW.id; RETURN NULL; END $$;
    CREATE TRIGGER record_first AFTER INSERT ON ${source} FOR EACH ROW WHEN (NEW.${vector} IS NOT NULL) EXECUTE FUNCTION record_${table}();
    CREATE TRIGGER record_next AFTER UPDATE ON ${source} FOR EACH ROW WHEN (NEW.${vector} IS NOT NULL AND OLD.${vector} IS DISTINCT FROM NEW.${vector})
      EXECUTE FUNCTION record_${table}()`);
}

/** Embeds what waits, and calls back while each request is under way: after its rows were read, and before their vectors are stored. */
async function workWhile(what: (texts: string[], request: number) => Promise<unknown>): Promise<void> {
  let requests = 0;
  const failures: unknown[] = [];
  stage.provider.script = async (request: SeenRequest) => {
    if (request.model === NEW_MODEL && !isProbe(request)) await what(request.input, requests++).catch((error) => failures.push(error));
    return undefined;
  };
  await stage.work();
  stage.provider.script = () => undefined;
  if (failures.length > 0 || requests === 0) throw failures[0] ?? new Error('no request came');
}

/** Runs DDL, and where PostgreSQL refuses it because of our objects, between unhook and rehook. */
async function runDdl(table: string, statement: string): Promise<void> {
  try {
    await sql(statement);
  } catch (error) {
    if (!['0A000', '2BP01'].includes((error as { code?: string }).code ?? '')) throw error;
    const target = `public.${table}.embedding`;
    await sql(`BEGIN; SELECT reembed.unhook('${target}'); ${statement}; SELECT reembed.rehook('${target}'); COMMIT`);
  }
}

const REWRITES: Record<string, (table: string) => Promise<unknown>> = {
  CLUSTER: (table) => sql(`CLUSTER ${table} USING ${table}_shuffled`),
  'VACUUM FULL': (table) => sql(`VACUUM FULL ${table}`),
  'ALTER TYPE of another column that rewrites the table': (table) =>
    runDdl(table, `ALTER TABLE ${table} ALTER note TYPE bigint USING coalesce(note, 0) + 1`),
  'ALTER TYPE of the key that rewrites the table': (table) => runDdl(table, `ALTER TABLE ${table} ALTER id TYPE bigint USING id + 0`),
};

for (const storage of STORAGES) {
  for (const [i, [name, rewrite]] of Object.entries(REWRITES).entries()) {
    test.serial(
      `${storage}: no row gets the vector of another or of a former text where ${name} comes between read and store`,
      async (t) => {
        const table = `rewritten_${storage[0]}${i}`;
        const campaign = await startFencedCampaign(stage, table, storage, 200);
        await recordStored(table, storage);
        const wrong = () => wrongRows(stage.db.pool, { table, newColumn: newVector(table, storage), oldColumn: 'embedding' });
        const wrongWhenStored = () => wrongRows(stage.db.pool, { table: `${table}_stored`, newColumn: 'vector' });
        let rewritten = 0;
        await workWhile(async (texts, request) => {
          if (request > 2) return;
          rewritten += 1;
          await sql(`DELETE FROM ${table} WHERE content = $1`, [texts[0]]);
          await sql(`UPDATE ${table} SET content = content || ' changed' WHERE content = $1`, [texts[1]]);
          // Two rows change places: each then has a text that was sent, and not for this row.
          const pair = `SELECT min(id) AS a, max(id) AS b FROM ${table} WHERE content = ANY ($1)`;
          await sql(
            `UPDATE ${table} AS t SET content = o.content FROM (${pair}) AS pair, ${table} AS o
            WHERE t.id IN (a, b) AND o.id = CASE t.id WHEN a THEN b ELSE a END`,
            [texts.slice(2)],
          );
          await rewrite(table);
        });
        await stage.work();
        t.true(rewritten > 0);
        t.deepEqual(await wrongWhenStored(), [], 'stored for a moment by the backfill');
        t.deepEqual(await wrong(), [], 'after the backfill');

        await stage.bring(campaign, 'index');
        await sql(`UPDATE ${table} SET content = 'live ' || content WHERE id % 5 = 0`);
        rewritten = 0;
        await workWhile(async (texts, request) => {
          if (request > 0) return;
          rewritten += 1;
          await sql(`UPDATE ${table} SET content = content || ' again' WHERE content = $1`, [texts[1]]);
          await rewrite(table);
        });
        await stage.work();
        t.true(rewritten > 0);
        t.deepEqual(await wrongWhenStored(), [], 'stored for a moment of a changed row');
        t.deepEqual(await wrong(), [], 'after the changed rows');
      },
    );
  }

  test.serial(`${storage}: a HOT update between read and store costs no second request unless it changes the text`, async (t) => {
    const table = `hot_${storage[0]}`;
    await startFencedCampaign(stage, table, storage, 200);
    await recordStored(table, storage);
    await sql(`DROP INDEX ${table}_shuffled`);
    const sent: string[] = [];
    let hot = 0;
    await workWhile(async (texts, request) => {
      sent.push(...texts);
      if (request > 0) return;
      const client = await stage.db.pool.connect();
      await client.query('BEGIN');
      await client.query(`UPDATE ${table} SET note = 1 WHERE content = ANY ($1)`, [texts.slice(0, 20)]);
      await client.query(`UPDATE ${table} SET content = content || ' changed' WHERE content = ANY ($1)`, [texts.slice(15, 25)]);
      const { rows } = await client.query(`SELECT pg_stat_get_xact_tuples_hot_updated('${table}'::regclass)::integer AS hot`);
      await client.query('COMMIT');
      client.release();
      hot = rows[0].hot;
    });
    t.true(hot > 10, `${hot} HOT updates`);
    t.deepEqual(await wrongRows(stage.db.pool, { table: `${table}_stored`, newColumn: 'vector' }), []);
    t.deepEqual(await wrongRows(stage.db.pool, { table, newColumn: newVector(table, storage), oldColumn: 'embedding' }), []);
    t.is(sent.filter((text) => !text.endsWith(' changed')).length, 200, 'every text of the beginning is sent once');
  });
}
