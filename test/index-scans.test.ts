import test from 'ava';
import { openConditions } from '../src/phases/advance.ts';
import { createDocuments } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
let campaign: string;

const sql = (text: string) => stage.db.pool.query(text);

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 300);
  campaign = await stage.createUsual();
  await stage.bring(campaign, 'index');
  await scan();
  await stage.bring(campaign, 'switch');
  await sql("UPDATE reembed.campaign SET switched_at = now() - interval '8 days'");
});
test.after.always(() => stage?.close());

/** A search of the old index by another client, whose statistics are visible afterwards. */
async function scan(): Promise<void> {
  const client = await stage.db.pool.connect();
  await client.query('BEGIN; SET LOCAL enable_seqscan = off');
  await client.query('SELECT id FROM documents ORDER BY embedding <=> (SELECT embedding FROM documents LIMIT 1) LIMIT 3');
  await client.query('COMMIT');
  await client.query('SELECT pg_stat_force_next_flush()');
  await client.query('SELECT 1');
  client.release();
}

async function closedBy(): Promise<string[]> {
  const conditions = await openConditions(stage.db.pool, { name: '', path: '', sha256: '', campaign, phase: 'contract' });
  return conditions.map(({ code }) => code);
}

/** Moves what was sampled into the past, further than the soak time. */
const wait = () =>
  sql("UPDATE reembed.planned_index SET sampled_at = sampled_at - interval '8 days', scanned_at = scanned_at - interval '8 days'");

test.serial('scans before the switch do not count', async (t) => {
  t.deepEqual(await closedBy(), []);
});

test.serial('a scan since the switch closes the gate until the soak time is over, whatever the server records of its own', async (t) => {
  // As on PostgreSQL 15, which has no last_idx_scan.
  t.false(
    (await sql("SELECT prosrc FROM pg_proc WHERE pronamespace = 'reembed'::regnamespace")).rows.some(({ prosrc }) =>
      prosrc.includes('last_idx_scan'),
    ),
  );
  await scan();
  t.deepEqual(await closedBy(), ['old_index_scanned']);
  t.deepEqual(await closedBy(), ['old_index_scanned'], 'it is remembered');
  await wait();
  t.deepEqual(await closedBy(), []);
});

test.serial('the watch samples too, so that a scan is dated by the minute', async (t) => {
  await scan();
  await sql("SELECT reembed.watch('documents')");
  await wait();
  t.deepEqual(await closedBy(), []);
});

test.serial('after a reset of the statistics the scans before it are unknown, and the soak time begins again', async (t) => {
  await sql("SELECT pg_stat_reset_single_table_counters('documents_embedding_idx'::regclass)");
  t.deepEqual(await closedBy(), ['old_index_scans_unknown']);
  await wait();
  t.deepEqual(await closedBy(), []);
  await scan();
  t.deepEqual(await closedBy(), ['old_index_scanned']);
});

test.serial('a second switch begins anew', async (t) => {
  await sql("SELECT reembed.switch_to('documents', 'old-model')");
  await scan();
  await stage.pass(campaign);
  await sql("SELECT reembed.switch_to('documents', 'new-model')");
  await sql("UPDATE reembed.campaign SET switched_at = now() - interval '8 days'");
  t.deepEqual(await closedBy(), []);
});

test.serial('an index that contract and its rollback built again begins anew', async (t) => {
  await stage.bring(campaign, 'contract');
  await stage.bring(campaign, 'switch');
  await sql("UPDATE reembed.setting SET soak = '7 days'; UPDATE reembed.campaign SET switched_at = now() - interval '8 days'");
  t.deepEqual(await closedBy(), []);
  await scan();
  t.deepEqual(await closedBy(), ['old_index_scanned']);
});
