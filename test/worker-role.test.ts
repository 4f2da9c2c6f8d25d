import test from 'ava';
import pg from 'pg';
import { startCampaign, until } from './harness/campaign.ts';
import { createWorkplace } from './harness/command.ts';
import { createTestDatabase } from './harness/database.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, wrongRows } from './harness/documents.ts';
import { startProvider } from './harness/provider.ts';
import { createWorkerRole } from './harness/roles.ts';
import { createStage } from './harness/stage.ts';

// The embedded database has one role, which may do everything.
if (process.env.TEST_DATABASE_URL) {
  test('a role with the grants of docs/worker-role.sql can send the backfill to the batch API', async (t) => {
    const stage = await createStage();
    t.teardown(stage.close);
    const campaign = await startCampaign(stage, 'documents', { rows: 300 });
    await stage.db.pool.query('UPDATE reembed.setting SET max_tokens = 1500');
    const role = await createWorkerRole(t, stage.db);
    stage.provider.batchApi.isOffered = true;
    stage.provider.batchApi.script = () => 'completed';
    const worker = await stage.workplace.run(['worker', '--batch-api', '--drain'], { DATABASE_URL: role.url });
    t.is(worker.code, 1, worker.stderr);
    t.regex(worker.stderr, /the spend cap is reached/);
    await stage.db.pool.query('UPDATE reembed.setting SET max_tokens = 100000000, paused = false');
    const again = await stage.workplace.run(['worker', '--batch-api', '--drain'], { DATABASE_URL: role.url });
    t.is(again.code, 0, again.stderr);
    t.is(campaign.requests().length, 0);
    t.deepEqual(await wrongRows(stage.db.pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
    t.is(stage.provider.batchApi.embedded.length, 300);
  });
}

for (const storage of process.env.TEST_DATABASE_URL ? (['column', 'side-table'] as const) : []) {
  test(`a role with the grants of docs/worker-role.sql can work and keep watch, and can neither validate nor switch nor create anything: ${storage}`, async (t) => {
    const database = await createTestDatabase();
    t.teardown(database.close);
    const provider = await startProvider({ [OLD_MODEL]: OLD_DIMENSIONS, [NEW_MODEL]: NEW_DIMENSIONS });
    t.teardown(provider.close);
    const place = createWorkplace({ DATABASE_URL: database.url, OPENAI_API_KEY: 'any-word', OPENAI_BASE_URL: provider.url });
    t.teardown(place.remove);
    await createDocuments(database.pool, 300);
    // Everything a worker may come upon: texts that repeat, an expression, searches to be measured, a spend cap.
    await database.pool.query("UPDATE documents SET content = 'the same' WHERE id % 50 = 0");
    const create = ['migrate', 'create', '--table', 'documents', '--text-sql', "content || ''", '--from', OLD_MODEL, '--to', NEW_MODEL];
    t.is((await place.run([...create, '--dimensions', String(NEW_DIMENSIONS), '--storage', storage, '--batch-rows', '50'])).code, 0);
    t.is((await place.run(['migrate', 'up'])).code, 3);
    await database.pool.query('UPDATE reembed.setting SET max_read_slowdown = 1000, max_tokens = 100000000');

    const role = await createWorkerRole(t, database);
    const asWorker = { DATABASE_URL: role.url };

    const worker = await place.run(['worker', '--drain'], asWorker);
    t.is(worker.code, 0, worker.stderr);
    const beside = '(SELECT side.embedding FROM documents_new_model_vectors AS side WHERE side.id = documents.id)';
    const columns = { newColumn: storage === 'column' ? 'embedding_v2' : beside };
    await database.pool.query(
      "UPDATE documents SET embedding = NULL WHERE content = 'the same'; UPDATE documents SET content = 'changed' WHERE id = 7",
    );
    t.is((await place.run(['worker', '--drain'], asWorker)).code, 0);
    t.deepEqual(await wrongRows(database.pool, columns), []);
    t.is((await place.run(['doctor'], asWorker)).stdout.match(/lacks rights that a worker needs/), null);
    t.is((await place.run(['migrate', 'up'])).code, 3);
    t.regex((await place.run(['validate'], asWorker)).stderr, /permission denied/);
    t.is((await place.run(['validate'])).code, 5);
    await database.pool.query("SELECT reembed.accept(name, 'unsure', 'a test') FROM reembed.campaign");

    // It keeps watch, and may take readers back from a model that an alert speaks against: that and no other switch.
    await database.pool.query("UPDATE reembed.setting SET auto_revert = true, alert_after = '0', known_items = 10, read_model = $1", [
      NEW_MODEL,
    ]);
    provider.script = ({ model, input }) => (model === NEW_MODEL ? { vectors: input.map(() => Array(NEW_DIMENSIONS).fill(1)) } : undefined);
    const looked = await place.run(['alerts', '--check'], asWorker);
    t.regex(looked.stderr, new RegExp(`read_model ${NEW_MODEL} -> ${OLD_MODEL}, because alert known_items`), looked.stderr);
    provider.script = () => undefined;
    const { rows: events } = await database.pool.query(
      "SELECT actor, reason FROM reembed.event WHERE kind = 'read_model' ORDER BY id DESC LIMIT 1",
    );
    t.is(events[0].actor, role.name);
    t.regex(events[0].reason, /alert known_items/);
    await database.pool.query('DELETE FROM reembed.watch_memory; DELETE FROM reembed.known_item');
    const running = place.start(['worker'], asWorker);
    t.teardown(() => running.kill('SIGKILL'));
    let talk = '';
    running.stderr?.on('data', (chunk) => {
      talk += chunk;
    });
    await until(
      async () => ((await database.pool.query('SELECT FROM reembed.watch_memory')).rowCount ?? 0) > 0,
      'a check of the worker',
      100,
    );
    running.kill('SIGTERM');
    t.notRegex(talk, /permission denied/);

    const client = new pg.Client({ connectionString: role.url });
    await client.connect();
    t.teardown(() => client.end());
    await t.throwsAsync(client.query("SELECT reembed.switch_to('documents', $1)", [NEW_MODEL]), { message: /permission denied/ });
    await t.throwsAsync(client.query("UPDATE reembed.target SET text_sql = 'anything'"), { message: /permission denied/ });
    await t.throwsAsync(client.query('DELETE FROM reembed.event'), { message: /permission denied/ });
    await t.throwsAsync(client.query('CREATE TABLE reembed.mine (id integer)'), { message: /permission denied/ });
    await t.throwsAsync(client.query('ALTER TABLE documents ADD COLUMN mine integer'), { message: /must be owner/ });
  });
}
if (!process.env.TEST_DATABASE_URL) {
  test('roles are not distinguished on the embedded database', async (t) => {
    const database = await createTestDatabase();
    t.teardown(database.close);
    t.is((await database.pool.query('SELECT session_user AS role')).rows[0].role, 'postgres');
  });
}
