import test from 'ava';
import { EXIT } from '../src/errors.ts';
import { createDocuments, wrongRows } from './harness/documents.ts';
import { createStage, type Stage, type Standing } from './harness/stage.ts';

const TARGET = 'public.documents.embedding';
// As Haystack, SQLAlchemy and Rails drop a table, and as Django and Drizzle do.
const PLAIN = 'DROP TABLE documents';
const CASCADE = 'DROP TABLE "documents" CASCADE';

async function withCampaign(standing: Standing, run: (stage: Stage, campaign: string) => Promise<void>, request = {}): Promise<void> {
  const stage = await createStage();
  try {
    await createDocuments(stage.db.pool, 60);
    const campaign = await stage.draft({ table: 'documents', ...request });
    await stage.bring(campaign, standing);
    await run(stage, campaign);
  } finally {
    await stage.close();
  }
}

/** What is left of pg-reembed that belongs to a target. */
async function remains({ db }: Stage): Promise<string[]> {
  const { rows } = await db.pool.query<{ name: string }>(
    `SELECT 'target ' || name AS name FROM reembed.target
      UNION ALL SELECT 'campaign ' || name FROM reembed.campaign
      UNION ALL SELECT 'model ' || name FROM reembed.model
      UNION ALL SELECT 'object ' || relname FROM pg_class WHERE relname ~ 'documents_embedding_[0-9a-f]{6}' OR relname ~ '^(archive_|documents_(live|new_model|old_model))'
      UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE proname ~ 'documents_embedding_[0-9a-f]{6}'
      UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgname ~ '^zz_reembed'
      UNION ALL SELECT 'queue ' || name FROM reembed_queue.queue WHERE name ~ 'documents'
      UNION ALL SELECT 'column ' || attname FROM pg_attribute WHERE attrelid = to_regclass('documents') AND attname ~ '^embedding_v2' AND NOT attisdropped
      ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

async function worksOn(stage: Stage): Promise<void> {
  await createDocuments(stage.db.pool, 30, { table: 'documents' });
  const campaign = await stage.createUsual();
  await stage.up();
  await stage.bring(campaign, 'switch');
}

for (const standing of ['expand', 'backfill', 'index', 'switch', 'contract'] as const) {
  test(`in phase ${standing} a table dropped with CASCADE is forgotten, and a table of its name gets a new campaign`, (t) =>
    withCampaign(standing, async (stage) => {
      await stage.db.pool.query(CASCADE);
      const forgotten = await stage.workplace.run(['forget', '--target', 'documents', '--yes']);
      t.is(forgotten.code, EXIT.done, forgotten.stderr);
      t.deepEqual(await remains(stage), []);
      for (const args of [['status'], ['migrate', 'up']]) t.is((await stage.workplace.run(args)).code, EXIT.done, args.join(' '));
      const doctor = await stage.workplace.run(['doctor', '--json']);
      t.notRegex(doctor.stdout, /has been dropped/);
      await worksOn(stage);
      t.deepEqual(await wrongRows(stage.db.pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
    }));

  test(`in phase ${standing} a table is forgotten before it is dropped as any other`, (t) =>
    withCampaign(standing, async (stage, campaign) => {
      await t.throwsAsync(stage.db.pool.query(PLAIN), { message: /other objects depend on it/ });
      const first = await stage.workplace.run(['forget', '--target', 'documents', '--yes', '--json']);
      t.is(first.code, EXIT.done, first.stderr);
      t.is(JSON.parse(first.stdout).target, TARGET);
      t.deepEqual(await remains(stage), []);
      // The column that an application may name by now stays, with the statement that drops it.
      const left = first.stderr.match(/ALTER TABLE \S+ DROP COLUMN \w+/g) ?? [];
      t.is(left.length, standing === 'contract' ? 1 : 0, first.stderr);
      for (const statement of left) await stage.db.pool.query(statement);
      const columns = "SELECT FROM pg_attribute WHERE attrelid = 'documents'::regclass AND attname ~ 'model_version' AND NOT attisdropped";
      t.is((await stage.db.pool.query(columns)).rowCount, 0);
      t.is((await stage.db.pool.query('SELECT FROM documents WHERE embedding IS NOT NULL')).rowCount, 60);
      await stage.db.pool.query(PLAIN);
      t.deepEqual((await stage.up()).ran, []);
      t.is(
        (await stage.db.pool.query("SELECT DISTINCT kind FROM reembed.event WHERE kind = 'forget' AND campaign = $1", [campaign])).rowCount,
        1,
      );
      await worksOn(stage);
    }));
}

test('a campaign with a side table is forgotten with it, also when the table is gone', (t) =>
  withCampaign(
    'switch',
    async (stage) => {
      await stage.db.pool.query(CASCADE);
      t.is((await stage.db.pool.query("SELECT FROM pg_class WHERE relname = 'documents_new_model_vectors'")).rowCount, 1);
      const refused = await stage.workplace.run(['forget', '--target', TARGET]);
      t.is(refused.code, EXIT.usage);
      t.regex(refused.stderr, /would lose 60 vectors .*\[would_forget\]/);
      t.is((await stage.workplace.run(['forget', '--target', TARGET, '--yes'])).code, EXIT.done);
      t.is((await stage.db.pool.query("SELECT FROM pg_class WHERE relname = 'documents_new_model_vectors'")).rowCount, 0);
      t.deepEqual(await remains(stage), []);
    },
    { storage: 'side-table' },
  ));

test('what was paid for is lost only when that is confirmed, and a dry run changes nothing', (t) =>
  withCampaign('switch', async (stage) => {
    const before = await remains(stage);
    const refused = await stage.workplace.run(['forget', '--target', 'documents']);
    t.is(refused.code, EXIT.usage);
    t.regex(refused.stderr, /would lose 60 vectors \(\d+ tokens/);
    const dry = await stage.workplace.run(['forget', '--dry-run']);
    t.is(dry.code, EXIT.done);
    t.regex(
      dry.stdout,
      /-- removes column public\.documents\.embedding_v2\n(.*\n)*SELECT reembed\.forget\('public\.documents\.embedding', true\);/,
    );
    await t.throwsAsync(stage.db.pool.query("SELECT reembed.forget('documents')"), { code: 'RE001' });
    t.deepEqual(await remains(stage), before);
  }));

test('an object of the user that needs a new vector is named, and nothing is removed', (t) =>
  withCampaign('index', async (stage) => {
    const before = await remains(stage);
    await stage.db.pool.query('CREATE VIEW of_mine AS SELECT id, embedding_v2 FROM documents');
    const refused = await stage.workplace.run(['forget', '--target', 'documents', '--yes']);
    t.is(refused.code, EXIT.failed);
    t.regex(refused.stderr, /of_mine/);
    t.deepEqual(await remains(stage), before);
  }));

test('a target that is not known is refused with those that are', (t) =>
  withCampaign('expand', async (stage) => {
    const { code, stderr } = await stage.workplace.run(['forget', '--target', 'nothing']);
    t.is(code, EXIT.failed);
    t.regex(stderr, /'nothing' is not registered.*public\.documents\.embedding/);
  }));

test('the files of a released table are ignored too, whether they are deleted or not', (t) =>
  withCampaign('contract', async (stage, campaign) => {
    await stage.db.pool.query('SELECT reembed.purge($1)', [campaign]);
    t.is((await stage.workplace.run(['release', '--yes'])).code, EXIT.done);
    t.deepEqual((await stage.up()).ran, []);
    t.is((await stage.workplace.run(['migrate', 'up'], { REEMBED_MIGRATIONS: 'elsewhere' })).code, EXIT.done);
    await stage.db.pool.query(PLAIN);
  }));
