import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import pg from 'pg';
import { createSearchClient, type EmbeddedQuery, type EmbedQuery, keyHash, type SearchClient } from '../src/index.ts';
import { until } from './harness/campaign.ts';
import { NEW_MODEL, OLD_MODEL, textOf } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createSearchStage, embedQuery, failForNewModel, nearestIds } from './harness/search.ts';
import { recordedShadowReads, resetShadowReads } from './harness/shadow-reads.ts';
import type { Stage } from './harness/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await createSearchStage();
});
test.beforeEach(() => resetShadowReads(stage.db.pool));
test.after.always(() => stage?.close());

const sql = (text: string) => stage.db.pool.query(text);
const records = () => recordedShadowReads(stage.db.pool);
const top = (query: EmbeddedQuery) => nearestIds(stage.db.pool)(query);
const clientOf = (embedder = embedQuery) => createSearchClient(stage.db.pool, { target: 'documents', embed: embedder });

const find = (client: SearchClient, i: number, key?: string) =>
  client.search(textOf(i), top, { ids: (found) => found, ...(key === undefined ? {} : { key }) });

test.serial('after the answer the other model is asked, and overlap and latency are put on record, but not the text', async (t) => {
  const client = clientOf();
  const served = await find(client, 7, 'ann');
  await client.close();
  const [record, ...more] = await records();
  t.deepEqual(more, []);
  const vector = `[${vectorOf(NEW_MODEL, textOf(7), 24).join()}]`;
  const shadow = await top({ model: NEW_MODEL, vector, nearest: null, view: 'documents_new_model' });
  t.is(record.overlap, served.filter((id) => shadow.includes(id)).length / 10);
  t.deepEqual([record.served_model, record.shadow_model, record.is_canary, record.k], [OLD_MODEL, NEW_MODEL, false, 10]);
  for (const name of ['served_ms', 'shadow_ms', 'served_embedding_ms', 'shadow_embedding_ms']) t.true(record[name] >= 0, name);
  t.is(Number(record.key_hash), keyHash(NEW_MODEL, 'ann'));
  t.deepEqual([record.query, record.error], [null, null]);
  t.deepEqual(client.shadowReads, { recorded: 1, lost: 0, skipped: 0 });

  await sql('UPDATE reembed.setting SET shadow_keeps_text = true, canary_percent = 100');
  const other = clientOf();
  await find(other, 8, 'ann');
  await other.close();
  const last = (await records()).at(-1);
  t.deepEqual([last.served_model, last.shadow_model, last.is_canary, last.query], [NEW_MODEL, OLD_MODEL, true, textOf(8)]);
});

test.serial('so many percent of the searches are followed, and none without results to compare', async (t) => {
  await sql('UPDATE reembed.setting SET shadow_percent = 20');
  const client = clientOf();
  for (let i = 1; i <= 200; i++) await find(client, i);
  await client.close();
  const { recorded, skipped } = client.shadowReads;
  // Six standard deviations around 40.
  t.true(recorded + skipped > 5 && recorded + skipped < 75, `${recorded} of 200`);
  const plain = clientOf();
  await sql('UPDATE reembed.setting SET shadow_percent = 100');
  await plain.search(textOf(1), top);
  await plain.close();
  t.deepEqual(plain.shadowReads, { recorded: 0, lost: 0, skipped: 0 });
});

test.serial('an answer never waits for a shadow read and never fails with it', async (t) => {
  const slow: EmbedQuery = async (text, model) => {
    if (model.name === NEW_MODEL) await sleep(700);
    return embedQuery(text, model);
  };
  const client = clientOf(slow);
  const startedAt = performance.now();
  await find(client, 7);
  const answeredAfter = performance.now() - startedAt;
  await client.close();
  t.true(answeredAfter < 500 && performance.now() - startedAt >= 700, `${answeredAfter} ms`);
  t.true((await records())[0].shadow_embedding_ms >= 690);

  const unlucky = clientOf(failForNewModel((text) => new Error(`cannot embed ${text}`)));
  t.is((await find(unlucky, 7))[0], 7);
  await unlucky.close();
  t.is((await records()).at(-1).error, 'Error', 'what was asked is not in it');

  // The record itself may be refused.
  await sql("UPDATE reembed.setting SET shadow_timeout = '4 seconds'");
  const lost = createSearchClient(refusing(stage.db.pool, 'record_shadow_read'), { target: 'documents', embed: embedQuery });
  t.is((await lost.search(textOf(7), top, { ids: (found) => found }))[0], 7);
  await lost.close();
  t.deepEqual(lost.shadowReads, { recorded: 0, lost: 1, skipped: 0 });
});

/** The pool, but for one statement, which fails. */
function refusing(pool: pg.Pool, word: string): pg.Pool {
  return new Proxy(pool, {
    get(target, name) {
      if (name !== 'query') return Reflect.get(target, name);
      return async (text: string, values: unknown[]) => {
        if (text.includes(word)) throw new Error('refused');
        return target.query(text, values);
      };
    },
  });
}

test.serial('a shadow read that takes too long is given up, and while it hangs it keeps others from beginning', async (t) => {
  await sql("UPDATE reembed.setting SET shadow_timeout = '200 milliseconds'");
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const client = clientOf();
  const search = (i: number) =>
    client.search(
      textOf(i),
      async (query) => {
        if (query.model === NEW_MODEL) await held;
        return top(query);
      },
      { ids: (found) => found },
    );
  for (let i = 1; i <= 10; i++) await search(i);
  await until(() => client.shadowReads.recorded === 4, 'four given up', 10);
  t.is(client.shadowReads.skipped, 6);
  await search(11);
  t.is(client.shadowReads.skipped, 7, 'they were given up, but their searches are still under way');
  release();
  await sleep(50);
  await search(12);
  await client.close();
  t.deepEqual(
    (await records()).map(({ error }) => error),
    ['timeout', 'timeout', 'timeout', 'timeout', null],
  );
});

test.serial('of searches that are answered at the same moment no more than four are followed', async (t) => {
  const client = clientOf();
  let underWay = 0;
  let most = 0;
  const run = async ({ model }: EmbeddedQuery) => {
    if (model === NEW_MODEL) {
      most = Math.max(most, ++underWay);
      await sleep(20);
      underWay -= 1;
    }
    return [1];
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => client.search(textOf(i), run, { ids: (found) => found })));
  await client.close();
  t.is(most, 4);
  t.deepEqual(client.shadowReads, { recorded: 4, lost: 0, skipped: 16 });
});

test.serial('there are no more a second than the setting allows, and no more are kept', async (t) => {
  await sql('UPDATE reembed.setting SET shadow_per_second = 3, shadow_rows = 50');
  const client = clientOf();
  const startedAt = performance.now();
  for (let i = 1; i <= 30; i++) await find(client, i);
  await client.close();
  const seconds = Math.floor((performance.now() - startedAt) / 1000) + 2;
  t.true(client.shadowReads.recorded <= 3 * seconds, `${client.shadowReads.recorded} in ${seconds} s`);
  t.is(client.shadowReads.recorded + client.shadowReads.skipped, 30);

  await sql(
    `SELECT reembed.record_shadow_read('documents', '${OLD_MODEL}', '${NEW_MODEL}', false, 10, 0.5, 1, 1, 1, 1, NULL, NULL, NULL) FROM generate_series(1, 500)`,
  );
  const { rows } = await sql('SELECT count(*)::int AS kept, min(id) = max(id) - count(*) + 1 AS newest FROM reembed.shadow_read');
  t.true(rows[0].kept < 150 && rows[0].newest, `${rows[0].kept} kept`);
  await sql('SELECT reembed.trim_shadow_reads()');
  t.is((await records()).length, 50);
});

test.serial('with a single connection, which the next statement of the application needs, there is none', async (t) => {
  const single = new pg.Client({ connectionString: stage.db.url });
  await single.connect();
  const client = createSearchClient(single, { target: 'documents', embed: embedQuery });
  await find(client, 7);
  await client.close();
  await single.end();
  t.deepEqual(client.shadowReads, { recorded: 0, lost: 0, skipped: 1 });
});

test.serial('a pool without a free connection is left to the answers', async (t) => {
  const pool = new pg.Pool({ connectionString: stage.db.url, max: 1 });
  pool.on('error', () => {});
  const client = createSearchClient(pool, { target: 'documents', embed: embedQuery });
  const run = async ({ model, vector, view }: EmbeddedQuery) => {
    const { rows } = await pool.query(
      `SELECT id FROM ${view} ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector) LIMIT 10`,
      [model, vector],
    );
    return rows.map(({ id }) => id as string);
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => client.search(textOf(i + 1), run, { ids: (found) => found })));
  await client.close();
  await pool.end();
  t.true(client.shadowReads.skipped > 5, JSON.stringify(client.shadowReads));
  t.is(client.shadowReads.lost, 0);
});
