import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Finding } from '../src/doctor/check.ts';
import { createWorkplace, type Workplace } from './harness/command.ts';
import { diagnose } from './harness/doctor.ts';
import { createDocuments } from './harness/documents.ts';
import { fingerprint } from './harness/refusal.ts';
import { createBareStage, type Stage } from './harness/stage.ts';

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createBareStage();
  await createDocuments(stage.db.pool, 30);
});
test.after.always(() => stage.close());

test.serial('doctor works before anything is installed', async (t) => {
  const { errors, of } = await diagnose(stage);
  t.deepEqual(errors, []);
  t.regex(of('installation')[0]?.finding ?? '', /not installed yet/);
  t.deepEqual(of('triggers'), []);
});

test.serial('doctor finds nothing wrong with a healthy campaign, can run every check and changes nothing', async (t) => {
  campaign = await stage.createUsual();
  for (const phase of ['expand', 'backfill', 'index', 'switch', 'contract'] as const) {
    await stage.bring(campaign, phase);
    const before = await fingerprint(stage.db.pool);
    const { errors, findings, of } = await diagnose(stage);
    t.deepEqual(await fingerprint(stage.db.pool), before, phase);
    t.deepEqual(errors, [], phase);
    t.deepEqual(
      findings.filter(
        ({ level, name }) => level === 'error' || (level === 'warn' && !['pgvector', 'workers', 'connections'].includes(name)),
      ),
      [],
      phase,
    );
    t.deepEqual(
      findings.filter(({ finding }) => finding.startsWith('could not check')),
      [],
      phase,
    );
    t.is(of('tables')[0]?.finding, `public.documents.embedding (${phase})`);
  }
  await stage.bring(campaign, 'backfill');
});

test.serial('doctor says that a target is paused, by whom, and how to go on', async (t) => {
  await stage.db.pool.query(`SELECT reembed.pause('documents', 'night shift')`);
  const { errors, of } = await diagnose(stage);
  await stage.db.pool.query(`SELECT reembed.resume('documents')`);
  t.deepEqual(errors, []);
  t.deepEqual(of('pause'), [
    {
      name: 'pause',
      level: 'warn',
      finding: 'public.documents.embedding is paused: night shift',
      remedy: 'npm run setting -- --target public.documents.embedding paused=false',
    },
  ]);
});

test.serial('doctor counts failed rows by their reason', async (t) => {
  await stage.db.pool.query(
    `INSERT INTO reembed.failed_row (target, key, model, class, message)
     SELECT 'public.documents.embedding', jsonb_build_object('id', i), 'new-model', 'input_refused', 'too long' FROM generate_series(1, 3) AS i`,
  );
  const { of } = await diagnose(stage);
  await stage.db.pool.query('DELETE FROM reembed.failed_row');
  t.is(of('failed rows')[0]?.finding, '3 rows of public.documents.embedding have no vector of new-model (input_refused: too long)');
  t.regex(of('failed rows')[0]?.remedy ?? '', /npm run retry/);
});

test.serial('doctor says when work waits and no worker runs', async (t) => {
  await stage.db.pool.query(`UPDATE documents SET content = 'changed' WHERE id = 1`);
  const waiting = await diagnose(stage);
  t.is(waiting.of('workers')[0]?.remedy, 'npm run worker');
  await stage.db.pool.query(
    `INSERT INTO reembed.worker (id, host, pid) VALUES (gen_random_uuid(), 'north', 1), (gen_random_uuid(), 'north', 2)`,
  );
  const worked = await diagnose(stage);
  await stage.db.pool.query('DELETE FROM reembed.worker');
  t.deepEqual(
    worked.of('workers').map(({ level, finding }) => [level, finding]),
    [['ok', '2 on north']],
  );
});

test.serial('doctor finds disabled and missing triggers, and its remedies fix them', async (t) => {
  const { pool } = stage.db;
  const fix = async () => pool.query((await diagnose(stage)).of('triggers')[0]?.remedy?.split('; ')[0] ?? '');
  await pool.query('ALTER TABLE documents DISABLE TRIGGER zz_reembed_update_public_documents_embedding_fded1d');
  const disabled = await diagnose(stage);
  t.deepEqual(disabled.errors, ['triggers']);
  t.regex(disabled.of('triggers')[0]?.finding ?? '', /zz_reembed_update_public_documents_embedding_fded1d is disabled/);
  await fix();
  await pool.query('DROP TRIGGER zz_reembed_insert_public_documents_embedding_fded1d ON documents');
  t.regex((await diagnose(stage)).of('triggers')[0]?.finding ?? '', /lacks trigger zz_reembed_insert_public_documents_embedding_fded1d:/);
  await fix();
  t.is((await diagnose(stage)).of('triggers')[0]?.level, 'ok');
});

test.serial('doctor finds a live view that is gone, reads another model or lost its options', async (t) => {
  const { pool } = stage.db;
  await pool.query('ALTER VIEW documents_live RESET (security_invoker)');
  const lost = await diagnose(stage);
  t.is(lost.of('live views')[0]?.level, 'warn');
  await pool.query(lost.of('live views')[0]?.remedy ?? '');
  await pool.query(`SELECT reembed.replace_view('public.documents.embedding', 'documents_live', 'new-model')`);
  t.regex((await diagnose(stage)).of('live views')[0]?.finding ?? '', /documents_live does not read old-model/);
  await pool.query('DROP VIEW documents_live');
  t.regex((await diagnose(stage)).of('live views')[0]?.finding ?? '', /view public\.documents_live is missing/);
  await stage.up();
  t.is((await diagnose(stage)).of('live views')[0]?.level, 'ok');
});

test.serial('doctor finds functions that are missing or of another version, and up puts them back', async (t) => {
  const { pool } = stage.db;
  await pool.query('DROP FUNCTION reembed.pause');
  await pool.query(`CREATE OR REPLACE FUNCTION reembed.sweep(p_name text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN 0; END $$`);
  await pool.query('ALTER TABLE reembed.setting DISABLE TRIGGER apply_setting');
  const found = (await diagnose(stage)).of('sql objects');
  t.deepEqual(
    found.map(({ level, finding }) => `${level}: ${finding}`),
    [
      'error: missing in schema reembed: function pause',
      'error: trigger apply_setting on reembed.setting is disabled: what is changed there has no effect',
      'warn: not the version of this toolkit: reembed.sweep',
    ],
  );
  await pool.query(found[1]?.remedy ?? '');
  await stage.up();
  t.is((await diagnose(stage)).of('sql objects')[0]?.level, 'ok');
});

test.serial('doctor says when the queue is of another version than the library', async (t) => {
  await stage.db.pool.query('UPDATE reembed_queue.version SET version = 42');
  const { errors, of } = await diagnose(stage);
  await stage.db.pool.query('UPDATE reembed_queue.version SET version = 43');
  t.deepEqual(errors, ['queue']);
  t.is(of('queue')[0]?.finding, 'the queue has schema version 42, the installed pg-boss needs 43');
});

test.serial("doctor distinguishes a user's INVALID index from that of a campaign", async (t) => {
  const { pool } = stage.db;
  await pool.query(`INSERT INTO documents (content) VALUES ('twice'), ('twice')`);
  await t.throwsAsync(pool.query('CREATE UNIQUE INDEX CONCURRENTLY documents_content_key ON documents (content)'));
  const before = await diagnose(stage);
  await pool.query('DROP INDEX documents_content_key');
  t.deepEqual(before.errors, []);
  t.regex(before.of('indexes')[0]?.finding ?? '', /index public\.documents_content_key on public\.documents is INVALID/);
  t.regex(before.of('indexes')[0]?.remedy ?? '', /^DROP INDEX CONCURRENTLY public\.documents_content_key/);

  await stage.bring(campaign, 'index');
  const { rows } = await pool.query<{ index: string }>('SELECT name AS index FROM reembed.planned_index');
  await pool.query('UPDATE pg_index SET indisvalid = false WHERE indexrelid = $1::regclass', [rows[0]?.index]);
  const after = await diagnose(stage);
  t.deepEqual(after.errors, ['indexes']);
  t.regex(after.of('indexes')[0]?.remedy ?? '', /^REINDEX INDEX CONCURRENTLY/);
  await pool.query(after.of('indexes')[0]?.remedy ?? '');
  t.is((await diagnose(stage)).of('indexes')[0]?.level, 'ok');
});

test.serial('doctor warns when the graph will not fit into the memory its build may use', async (t) => {
  await stage.bring(campaign, 'backfill');
  await stage.db.pool.query('UPDATE reembed.batch SET rows = 1000000 WHERE id = 1');
  const { of } = await diagnose(stage);
  const allowed = await diagnose(stage, { REEMBED_INDEX_MEMORY: '1GB' });
  await stage.db.pool.query('UPDATE reembed.batch SET rows = 30 WHERE id = 1');
  t.is(of('maintenance_work_mem')[0]?.level, 'warn');
  t.regex(of('maintenance_work_mem')[0]?.remedy ?? '', /REEMBED_INDEX_MEMORY=9\d\dMB/);
  t.is(allowed.of('maintenance_work_mem')[0]?.level, 'ok');
});

test.serial('doctor says when EMBED_MODEL is not the model of the campaign', async (t) => {
  const { errors, of } = await diagnose(stage, { EMBED_MODEL: 'third-model' });
  t.deepEqual(errors, ['model']);
  t.regex(of('model')[0]?.finding ?? '', /EMBED_MODEL is third-model, but campaigns embed with new-model/);
  t.is((await diagnose(stage, { EMBED_MODEL: 'new-model' })).of('model')[0]?.level, 'ok');
});

test.serial('doctor finds a migration file that was edited or lost after it ran', async (t) => {
  const lost = await diagnose(stage, { REEMBED_MIGRATIONS: 'nowhere' });
  t.deepEqual(lost.errors, ['migration files']);
  t.regex(lost.of('migration files')[0]?.finding ?? '', /ran, but its file is not in nowhere/);
  const path = join(stage.database.directory, `${campaign}.1_expand.js`);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, `${text}// edited`);
  const edited = await diagnose(stage);
  writeFileSync(path, text);
  t.regex(edited.of('migration files')[0]?.finding ?? '', /1_expand was edited after it ran/);
});

test.serial('doctor follows a renamed column, finds a dropped table and runs the other checks', async (t) => {
  const { pool } = stage.db;
  await pool.query('ALTER TABLE documents RENAME COLUMN content TO body');
  const renamed = await diagnose(stage);
  t.true(renamed.of('tables').every(({ finding, level }) => level === 'ok' || /view reembed_\w+\.documents differs/.test(finding)));
  await pool.query("SELECT reembed.replace_views('public.documents.embedding')");
  t.deepEqual(
    (await diagnose(stage)).of('tables').map(({ level }) => level),
    ['ok'],
    'a renamed column is followed',
  );
  await pool.query('DROP TABLE documents CASCADE');
  const dropped = await diagnose(stage);

  t.true(dropped.errors.includes('tables'));
  t.regex(dropped.of('tables')[0]?.finding ?? '', /the table of public\.documents\.embedding has been dropped/);
  t.deepEqual(
    dropped.findings.filter(({ finding }) => finding.startsWith('could not check')),
    [],
  );
});

/** Runs `doctor --json` as a user does. */
async function command(workplace: Workplace, env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await workplace.run(['doctor', '--json'], env);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return { code, stderr, findings, of: (name: string) => findings.find((finding) => finding.name === name) };
}

test.serial('doctor exits 1 when anything is wrong and 0 otherwise', async (t) => {
  t.is((await command(stage.workplace)).code, 1);
  await stage.db.pool.query('DELETE FROM reembed.campaign; DELETE FROM reembed.target');
  t.is((await command(stage.workplace)).code, 0);
});

test('doctor makes no embedded database by checking', async (t) => {
  const workplace = createWorkplace({ OPENAI_API_KEY: 'test' });
  t.teardown(workplace.remove);
  const { code, of } = await command(workplace);
  t.is(code, 0);
  t.regex(of('database')?.finding ?? '', /would be created in \.reembed/);
  t.false(existsSync(join(workplace.directory, '.reembed')));
});

test('doctor reports a database that does not answer and still checks the environment', async (t) => {
  const workplace = createWorkplace({ DATABASE_URL: 'postgres://me:hidden-word@127.0.0.1:1/db', OPENAI_API_KEY: 'test' });
  t.teardown(workplace.remove);
  const { code, stderr, findings } = await command(workplace);
  t.is(code, 1);
  t.deepEqual(
    findings.map(({ name, level }) => `${name} ${level}`),
    ['database error', 'provider ok'],
  );
  t.regex(stderr, /^database: .*\nreembed: 1 error: database \[doctor_found_errors\] - .+\n$/);
  t.notRegex(JSON.stringify(findings) + stderr, /hidden-word/);
});
