import test, { type ExecutionContext } from 'ava';
import { until } from './harness/campaign.ts';
import { createTestDatabase } from './harness/database.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_MODEL, wrongRows } from './harness/documents.ts';
import { createBareStage, createStage, type Stage } from './harness/stage.ts';

// Publications need a real server, subscribers one with wal_level = logical: .ci/postgres sets it.
const onServer = process.env.TEST_DATABASE_URL ? test : test.skip;
const NEW = 'embedding_v2';
const BESIDE = '(SELECT side.embedding FROM documents_new_model_vectors AS side WHERE side.id = documents.id)';

/** Whether the server can have no subscribers. CI has one that can, so there it is a failure. */
async function lacksSubscribers(t: ExecutionContext, { db }: Stage): Promise<boolean> {
  const level: string = (await db.pool.query('SHOW wal_level')).rows[0].wal_level;
  if (process.env.CI) t.is(level, 'logical');
  else t.log(`wal_level is ${level}`);
  return level !== 'logical';
}

/** Tables of ours whose updates and deletes PostgreSQL refuses while they are published. */
async function withoutIdentity({ db }: Stage): Promise<string[]> {
  const { rows } = await db.pool.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'reembed', 'reembed_queue') AND c.relreplident = 'd'
        AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary)`,
  );
  return rows.map(({ name }) => name);
}

async function writeAndWork(stage: Stage, at: number): Promise<void> {
  await stage.db.pool.query(`INSERT INTO documents (id, content) VALUES (${at}, 'written at ${at}');
    UPDATE documents SET content = content || ' again' WHERE id IN (1, 2); DELETE FROM documents WHERE id = 3`);
  await stage.work();
}

for (const storage of ['column', 'side-table'] as const) {
  const newColumn = storage === 'column' ? NEW : BESIDE;

  onServer(`a publication FOR ALL TABLES disturbs no phase, up and down, from the installation on: ${storage}`, async (t) => {
    const stage = await createBareStage();
    t.teardown(stage.close);
    await createDocuments(stage.db.pool, 120);
    await stage.db.pool.query('CREATE PUBLICATION everything FOR ALL TABLES');
    const campaign = await stage.draft({ table: 'documents', storage });
    await stage.bring(campaign, 'switch');
    await writeAndWork(stage, 1000);
    t.deepEqual(await wrongRows(stage.db.pool, { oldColumn: 'embedding', newColumn }), []);
    t.deepEqual(await withoutIdentity(stage), []);
    await stage.bring(campaign, 'contract');
    t.deepEqual(await withoutIdentity(stage), []);
    await stage.bring(campaign, 'none');
    t.is((await stage.workplace.run(['migrate', 'down', '--all'])).code, 0);
    await stage.bring(campaign, 'contract');
  });

  onServer(`a publication FOR ALL TABLES that is created in mid-campaign disturbs nothing: ${storage}`, async (t) => {
    const stage = await createStage();
    t.teardown(stage.close);
    await createDocuments(stage.db.pool, 120);
    const campaign = await stage.draft({ table: 'documents', storage });
    await stage.bring(campaign, 'backfill');
    await stage.db.pool.query('CREATE PUBLICATION everything FOR ALL TABLES');
    await writeAndWork(stage, 1000);
    await stage.bring(campaign, 'contract');
    await writeAndWork(stage, 1001);
    await stage.bring(campaign, 'switch');
    await stage.work();
    t.deepEqual(await wrongRows(stage.db.pool, { oldColumn: 'embedding', newColumn }), []);
    await stage.bring(campaign, 'none');
  });
}

const create = (stage: Stage, more: string[] = []) =>
  stage.workplace.run([
    ...['migrate', 'create', '--table', 'documents', '--text', 'content', '--from', OLD_MODEL, '--to', NEW_MODEL],
    ...['--dimensions', String(NEW_DIMENSIONS), '--no-probe', ...more],
  ]);

/** The slot of a subscription, without its subscriber. */
async function addSlot({ db }: Stage, name: string): Promise<() => Promise<unknown>> {
  await db.pool.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [name]);
  return () => db.pool.query('SELECT pg_drop_replication_slot($1)', [name]);
}

onServer('a published table with native subscribers: a column is refused until they have it, a side table is not', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  if (await lacksSubscribers(t, stage)) return;
  await createDocuments(stage.db.pool, 20);
  await stage.db.pool.query('CREATE PUBLICATION outbound FOR TABLE documents');
  t.is((await create(stage, ['--dry-run'])).code, 0, 'nobody subscribes');
  const slot = `slot_${process.pid}_a`;
  const dropSlot = await addSlot(stage, slot);
  try {
    const refused = await create(stage);
    t.is(refused.code, 1, refused.stderr);
    t.regex(refused.stderr, new RegExp(`outbound has native subscribers: ${slot}.*\\[subscribers_lack_columns\\]`));
    t.regex(
      refused.stderr,
      /on each subscriber: ALTER TABLE public\.documents ADD COLUMN embedding_v2 public\.vector\(24\), ADD COLUMN embedding_v2_model_version text/,
    );
    t.is((await create(stage, ['--storage', 'side-table', '--dry-run'])).code, 0);
    t.regex((await create(stage, ['--storage', 'auto', '--only-read', '--dry-run'])).stderr, /storage +side-table/);

    const accepted = await create(stage, ['--accept', 'subscribers-lack-columns', '--reason', 'added on the subscriber']);
    t.is(accepted.code, 0, accepted.stderr);
    const dropOther = await addSlot(stage, `${slot}_other`);
    const void_ = await stage.workplace.run(['migrate', 'up', '1']);
    await dropOther();
    t.is(void_.code, 3, 'void: there is another subscriber');
    t.regex(void_.stderr, /subscribers-lack-columns/);
    t.is((await stage.workplace.run(['migrate', 'up', '1'])).code, 0);
  } finally {
    await dropSlot();
  }
});

onServer('a publication of all tables, or of a schema, with native subscribers is refused for the tables they lack', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  if (await lacksSubscribers(t, stage)) return;
  await createDocuments(stage.db.pool, 20);
  const dropSlot = await addSlot(stage, `slot_${process.pid}_b`);
  try {
    await stage.db.pool.query('CREATE PUBLICATION everything FOR ALL TABLES');
    for (const storage of ['column', 'side-table']) {
      const { code, stderr } = await create(stage, ['--storage', storage, '--accept', 'subscribers-lack-columns', '--reason', 'x']);
      t.is(code, 1, stderr);
      t.regex(stderr, /subscribers_lack_tables/);
      t.regex(stderr, /CREATE PUBLICATION own_tables FOR TABLES IN SCHEMA public/);
    }
    await stage.db.pool.query('DROP PUBLICATION everything; CREATE PUBLICATION own_tables FOR TABLES IN SCHEMA public');
    const side = await create(stage, ['--storage', 'side-table']);
    t.regex(side.stderr, /subscribers_lack_tables/);
    t.regex(side.stderr, /CREATE TABLE public\.documents_new_model_vectors/);
    t.regex((await create(stage)).stderr, /subscribers_lack_columns/);
  } finally {
    await dropSlot();
  }
});

onServer('a native subscriber that has the columns that create prints goes on, and gets the new vectors', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  if (await lacksSubscribers(t, stage)) return;
  const subscriber = await createTestDatabase();
  t.teardown(subscriber.close);
  await createDocuments(stage.db.pool, 20);
  await stage.db.pool.query('CREATE PUBLICATION outbound FOR TABLE documents');
  await subscriber.pool.query('CREATE TABLE documents (id bigint PRIMARY KEY, content text, embedding vector(16))');
  const name = `slot_${process.pid}_c`;
  const dropSlot = await addSlot(stage, name);
  try {
    await subscriber.pool.query(`CREATE SUBSCRIPTION ${name} CONNECTION '${stage.db.url}' PUBLICATION outbound WITH (create_slot = false)`);
    const [, statement = ''] = /on each subscriber: (ALTER TABLE .* text)$/m.exec((await create(stage)).stderr) ?? [];
    await subscriber.pool.query(statement);
    const campaign = await stage.create([
      ...['--table', 'documents', '--text', 'content', '--from', OLD_MODEL, '--to', NEW_MODEL, '--dimensions', String(NEW_DIMENSIONS)],
      ...['--accept', 'subscribers-lack-columns', '--reason', 'added'],
    ]);
    await stage.bring(campaign, 'index');
    await until(
      async () => (await wrongRows(subscriber.pool, { oldColumn: 'embedding', newColumn: NEW })).length === 0,
      'the vectors to arrive',
    );
    t.is((await subscriber.pool.query('SELECT FROM documents')).rowCount, 20);

    await stage.bring(campaign, 'switch');
    const waiting = await stage.db.pool.query('SELECT code FROM reembed.acceptance_gate($1, $2)', [campaign, 'contract']);
    t.deepEqual(waiting.rows, [{ code: 'subscribers-keep-columns' }]);
    await stage.bring(campaign, 'contract');
    await stage.db.pool.query("INSERT INTO documents (id, content) VALUES (100, 'after contract')");
    await stage.work();
    await subscriber.pool.query(`ALTER TABLE documents DROP COLUMN embedding;
      ALTER TABLE documents RENAME COLUMN ${NEW} TO embedding;
      ALTER TABLE documents RENAME COLUMN ${NEW}_model_version TO embedding_model_version`);
    await until(
      async () => (await subscriber.pool.query('SELECT FROM documents WHERE id = 100 AND embedding IS NOT NULL')).rowCount === 1,
      'the row',
    );
    t.deepEqual(await wrongRows(subscriber.pool, { newColumn: 'embedding' }), []);
  } finally {
    await subscriber.pool.query(`ALTER SUBSCRIPTION ${name} DISABLE`);
    await subscriber.pool.query(`ALTER SUBSCRIPTION ${name} SET (slot_name = NONE)`);
    await subscriber.pool.query(`DROP SUBSCRIPTION ${name}`);
    await until(
      async () => (await stage.db.pool.query('SELECT FROM pg_replication_slots WHERE slot_name = $1 AND active', [name])).rowCount === 0,
      'the slot',
    );
    await dropSlot();
  }
});
